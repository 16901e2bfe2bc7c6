// A browser starts no worker for a page that was opened from the disk. There, a hidden frame does the searching.
if (location.protocol === "file:")
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.appendChild(frame)
      this.inner = frame.contentWindow
      this.inner.answer = data => this.dispatchEvent(new MessageEvent("message", { data }))
      this.ready = new Promise(resolve => { this.inner.ready = resolve })
      const inner = this.inner.document
      inner.open()
      inner.write(`<script>self.postMessage = self.answer || parent.postMessage</script><script src="${url}" onload="ready()"></script>`)
      inner.close()
    }
    postMessage(data) {
      this.ready.then(() => this.inner.dispatchEvent(new MessageEvent("message", { data })))
    }
    terminate() {
      this.inner.frameElement.remove()
    }
  }
