"""SpiffWorkflow: a BPMN script task with a multi-instance marker; the context is the data of its task."""

from __future__ import annotations

import io
from typing import Any

from lxml import etree
from measure import FanOut, Results, action, serve
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment

BPMN = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="peers">
  <process id="fan_out" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="each"/>
    <scriptTask id="each">
      <multiInstanceLoopCharacteristics isSequential="{sequential}">
        <loopDataInputRef>items</loopDataInputRef>
        <loopDataOutputRef>results</loopDataOutputRef>
        <inputDataItem id="item"/>
        <outputDataItem id="result"/>
      </multiInstanceLoopCharacteristics>
      <script>result = action(item["health_endpoint"])</script>
    </scriptTask>
    <sequenceFlow id="f2" sourceRef="each" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"""


def prepare(variant: str, context: dict[str, Any], items: list[dict[str, Any]]) -> FanOut:
    parser = BpmnParser()
    source = BPMN.format(sequential=str(variant == "sequential").lower())
    parser.add_bpmn_xml(etree.parse(io.BytesIO(source.encode())))
    engine = PythonScriptEngine(environment=TaskDataEnvironment({"action": action}))
    workflow = BpmnWorkflow(parser.get_spec("fan_out"), script_engine=engine)
    workflow.task_tree.data.update(context, items=items)

    def fan_out() -> Results:
        workflow.run_all()
        if not workflow.is_completed():
            raise ValueError("the workflow did not complete")
        return workflow.data["results"]

    return fan_out


if __name__ == "__main__":
    serve(prepare, ("SpiffWorkflow",))
