from amazon_endpoint.web.metrics import Metrics
from tests.unit.hub.examples import order


def test_an_order_that_is_only_told_of_was_not_handed_over() -> None:
    metrics = Metrics()

    metrics.orders([order(), order(charges=None)])

    assert b"amazon_endpoint_orders_total 1.0" in metrics.exposition()
