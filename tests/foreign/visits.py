"""The actions of a shop."""


def shop__catalogue(region):
    return {"offers": [{"id": n, "region": region, "price": n * 3} for n in range(200)]}


def shop__visit(customer, offer):
    return {"customer": customer, "paid": offer["price"]}
