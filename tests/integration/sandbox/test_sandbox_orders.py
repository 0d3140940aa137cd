from email.utils import parsedate_to_datetime

from amazon_endpoint.sandbox.options import SandboxOptions
from tests.integration.sandbox.seller import ORDERS, ago, order, selling, text

IDS = [f"111-0000000-000000{n}" for n in range(1, 6)]
DAY = "2024-05-02T10:00:00.000Z"


def test_every_page_follows_the_one_before_and_nothing_is_left_out() -> None:
    with selling(SandboxOptions(orders=31, page_cap=2)) as (sandbox, seller):
        pages = seller.pages(lastUpdatedAfter=ago(sandbox, days=40))
        served = [found["orderId"] for page in pages for found in page["orders"]]
        assert served == [held["orderId"] for held in sandbox.orders()]
        assert len(pages) == 16
        assert len({page["lastUpdatedBefore"] for page in pages}) == 1


def test_page_tokens_need_encoding() -> None:
    with selling(SandboxOptions(orders=2, page_cap=1)) as (sandbox, seller):
        page = seller.get(ORDERS, lastUpdatedAfter=ago(sandbox, days=40)).json()
        token = page["pagination"]["nextToken"]
        assert {"+", "/", "="} <= set(token)


def test_a_page_token_serves_its_own_query_only() -> None:
    with selling(SandboxOptions(orders=2, page_cap=1)) as (sandbox, seller):
        query: dict[str, str | int] = {"lastUpdatedAfter": ago(sandbox, days=40)}
        token = seller.get(ORDERS, **query).json()["pagination"]["nextToken"]
        other = seller.get(ORDERS, **query, fulfilledBy="MERCHANT", paginationToken=token)
        assert other.status_code == 400
        assert "all parameters must match" in other.json()["errors"][0]["message"]
        free = seller.get(
            ORDERS, **query, includedData="BUYER", maxResultsPerPage=7, paginationToken=token
        )
        assert free.status_code == 200


def test_a_page_token_dies_after_a_day() -> None:
    with selling(SandboxOptions(orders=2, page_cap=1)) as (sandbox, seller):
        query: dict[str, str | int] = {"lastUpdatedAfter": ago(sandbox, days=40)}
        token = seller.get(ORDERS, **query).json()["pagination"]["nextToken"]
        sandbox.advance(24 * 3600 + 1)
        seller.renew()
        assert seller.get(ORDERS, **query, paginationToken=token).status_code == 400


def test_both_bounds_of_a_window_belong_to_it() -> None:
    with selling() as (sandbox, seller):
        sandbox.add_orders(*(order(i, f"2024-05-02T10:00:0{n}.500Z") for n, i in enumerate(IDS)))
        window = seller.get(
            ORDERS,
            lastUpdatedAfter="2024-05-02T10:00:01.500Z",
            lastUpdatedBefore="2024-05-02T12:00:03.500+02:00",
        ).json()
        assert [found["orderId"] for found in window["orders"]] == IDS[1:4]
        assert window["lastUpdatedBefore"] == "2024-05-02T10:00:03.500Z"
        assert "pagination" not in window


def test_an_order_updated_meanwhile_leaves_the_window() -> None:
    with selling(SandboxOptions(orders=0, page_cap=2)) as (sandbox, seller):
        sandbox.add_orders(*(order(i, DAY) for i in IDS))
        query: dict[str, str | int] = {"lastUpdatedAfter": DAY}
        first = seller.get(ORDERS, **query).json()
        sandbox.add_orders(order(IDS[3], text(sandbox.now())))
        token = first["pagination"]["nextToken"]
        second = seller.get(ORDERS, **query, paginationToken=token).json()
        assert [found["orderId"] for found in second["orders"]] == [IDS[2], IDS[4]]
        assert "pagination" not in second


def test_without_an_upper_bound_the_last_two_minutes_are_left_out() -> None:
    with selling() as (sandbox, seller):
        sandbox.add_orders(order(IDS[0], ago(sandbox, seconds=90)))
        query: dict[str, str | int] = {"lastUpdatedAfter": ago(sandbox, hours=1)}
        assert seller.get(ORDERS, **query).json()["orders"] == []
        sandbox.advance(40)
        assert len(seller.get(ORDERS, **query).json()["orders"]) == 1


def test_blocks_come_only_when_asked_for() -> None:
    with selling(SandboxOptions(orders=8)) as (sandbox, seller):
        order_id = sandbox.orders()[0]["orderId"]
        short = seller.get(f"{ORDERS}/{order_id}").json()["order"]
        assert not {"buyer", "recipient", "proceeds", "fulfillment", "packages"} & set(short)
        assert not {"proceeds", "fulfillment"} & set(short["orderItems"][0])
        assert short["orderItems"][0]["product"]["price"]
        whole = seller.get(
            f"{ORDERS}/{order_id}", includedData="BUYER,RECIPIENT,PROCEEDS,FULFILLMENT"
        ).json()["order"]
        assert whole == sandbox.order(order_id)


def test_filters_are_applied() -> None:
    with selling(SandboxOptions(orders=100)) as (sandbox, seller):
        found = seller.get(
            ORDERS,
            lastUpdatedAfter=ago(sandbox, days=40),
            fulfillmentStatuses="SHIPPED,PENDING",
            fulfilledBy="MERCHANT",
            marketplaceIds="A1VC38T7YXB528,ATVPDKIKX0DER",
            includedData="FULFILLMENT",
        ).json()["orders"]
        kinds = {
            (o["fulfillment"]["fulfillmentStatus"], o["fulfillment"]["fulfilledBy"]) for o in found
        }
        assert kinds == {("SHIPPED", "MERCHANT"), ("PENDING", "MERCHANT")}
        assert {o["salesChannel"]["marketplaceId"] for o in found} <= {
            "A1VC38T7YXB528",
            "ATVPDKIKX0DER",
        }


def test_an_unknown_order_is_not_found_and_a_malformed_id_is_refused() -> None:
    with selling() as (_, seller):
        assert seller.get(f"{ORDERS}/{IDS[0]}").status_code == 404
        assert seller.get(f"{ORDERS}/TEST_CASE_400").status_code == 400


def test_tokens_are_checked_and_expire_on_the_sandbox_clock() -> None:
    with selling() as (sandbox, seller):
        bare = seller.client.get(ORDERS, params={"createdAfter": DAY})
        assert bare.status_code == 403
        assert seller.get(ORDERS, createdAfter=DAY).status_code == 200
        sandbox.advance(3601)
        late = seller.get(ORDERS, createdAfter=DAY)
        assert late.status_code == 403
        details = late.json()["errors"][0]["details"]
        assert details == "The access token you provided has expired."
        seller.renew()
        assert seller.get(ORDERS, createdAfter=DAY).status_code == 200


def test_a_user_agent_is_needed_and_may_not_be_long() -> None:
    with selling() as (_, seller):
        for agent in ("", "x" * 501):
            answer = seller.client.get(ORDERS, headers=seller.headers | {"user-agent": agent})
            assert answer.status_code == 400
            assert answer.headers["content-type"].startswith("text/html")


def test_calls_beyond_the_burst_are_refused_without_a_hint() -> None:
    with selling() as (sandbox, seller):
        answers = [seller.get(ORDERS, createdAfter=DAY) for _ in range(21)]
        assert [answer.status_code for answer in answers] == [200] * 20 + [429]
        assert answers[0].headers["x-amzn-ratelimit-limit"] == "0.0056"
        refused = answers[-1]
        assert refused.json()["errors"][0]["code"] == "QuotaExceeded"
        assert "x-amzn-ratelimit-limit" not in refused.headers
        assert "retry-after" not in refused.headers
        assert refused.headers["x-amzn-requestid"]
        sandbox.advance(179)
        assert seller.get(ORDERS, createdAfter=DAY).status_code == 200


def test_the_date_header_follows_the_sandbox_clock() -> None:
    with selling() as (sandbox, seller):
        sandbox.advance(-40 * 86_400)
        seller.renew()
        before = sandbox.now().replace(microsecond=0)
        answer = seller.get(ORDERS, createdAfter=DAY)
        assert before <= parsedate_to_datetime(answer.headers["date"]) <= sandbox.now()
