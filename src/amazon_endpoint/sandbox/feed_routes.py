"""The operations of the Feeds API 2021-06-30, and the document store beside them."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from amazon_endpoint.sandbox.answers import Answer, Refusal, invalid_input
from amazon_endpoint.sandbox.documents import Document, Misuse, new_document_id
from amazon_endpoint.sandbox.feed_queries import DocumentWish, FeedWish, read_body
from amazon_endpoint.sandbox.feeds import DOOMS
from amazon_endpoint.sandbox.gate import Endpoint, afterwards, arrival, instead, operation
from amazon_endpoint.sandbox.orders import Json
from amazon_endpoint.sandbox.state import Sandbox
from amazon_endpoint.sandbox.tokens import Caller

#: Amazon advises files below 10 MiB and refuses those far above.
_LARGEST = 20 * 1024 * 1024


def feed_routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes of the Feeds API and of its documents."""
    feeds, documents = "/feeds/2021-06-30/feeds", "/feeds/2021-06-30/documents"
    table = (
        ("POST", documents, "createFeedDocument", _create_document),
        ("GET", documents + "/{document_id}", "getFeedDocument", _get_document),
        ("POST", feeds, "createFeed", _create),
        ("GET", feeds, "getFeeds", _list),
        ("GET", feeds + "/{feed_id}", "getFeed", _get),
        ("DELETE", feeds + "/{feed_id}", "cancelFeed", _cancel),
    )
    stored = "/documents/{document_id}"
    return [
        *(
            Route(path, operation(sandbox, name, work), methods=[method])
            for method, path, name, work in table
        ),
        Route(stored, _stored(sandbox, "uploadDocument"), methods=["PUT"]),
        Route(stored, _stored(sandbox, "downloadDocument"), methods=["GET"]),
    ]


async def _create_document(sandbox: Sandbox, request: Request, caller: Caller) -> Answer:
    wish = read_body(await request.body(), DocumentWish)
    now = sandbox.clock.now()
    document = Document(
        document_id=new_document_id(),
        seller=caller.seller,
        content_type=wish.content_type,
        created=now,
    )
    sandbox.documents.add(document)
    url = sandbox.documents.address(str(request.base_url), document, "PUT", now)
    return Answer(201, {"feedDocumentId": document.document_id, "url": url})


async def _get_document(sandbox: Sandbox, request: Request, caller: Caller) -> Answer:
    document = sandbox.documents.find(request.path_params["document_id"], caller.seller)
    if document is None or document.content is None:
        raise Refusal(404, "NotFound", "There is no such feed document.")
    choice = request.query_params.get("enableContentEncodingUrlHeader", "false")
    if set(request.query_params) - {"enableContentEncodingUrlHeader"} or choice not in {
        "true",
        "false",
    }:
        raise invalid_input("The only parameter is enableContentEncodingUrlHeader: true or false.")
    extra = {}
    if document.compressed and choice == "true":
        extra["response-content-encoding"] = "gzip"
    now = sandbox.clock.now()
    url = sandbox.documents.address(str(request.base_url), document, "GET", now, **extra)
    told: Json = {"feedDocumentId": document.document_id, "url": url}
    if document.compressed:
        told["compressionAlgorithm"] = "GZIP"
    return Answer(200, told)


async def _create(sandbox: Sandbox, request: Request, caller: Caller) -> Answer:
    wish = read_body(await request.body(), FeedWish)
    doom = DOOMS.get(request.state.fault or "")
    feed = sandbox.feeds.create(caller.seller, wish, sandbox.clock.now(), doom)
    return Answer(202, {"feedId": feed.feed_id})


async def _list(sandbox: Sandbox, request: Request, caller: Caller) -> Answer:
    return sandbox.feeds.page(caller.seller, request.query_params, sandbox.clock.now())


async def _get(sandbox: Sandbox, request: Request, caller: Caller) -> Answer:
    return Answer(200, sandbox.feeds.get(caller.seller, request.path_params["feed_id"]).told())


async def _cancel(sandbox: Sandbox, request: Request, caller: Caller) -> Answer:
    sandbox.feeds.cancel(caller.seller, request.path_params["feed_id"], sandbox.clock.now())
    return Answer(200)


def _stored(sandbox: Sandbox, name: str) -> Endpoint:
    async def call(request: Request) -> Response:
        fault = arrival(sandbox, name, request.query_params)
        early = await instead(sandbox, fault)
        if early is not None:
            return early
        try:
            response = await _serve_document(sandbox, request)
        except Misuse as misuse:
            response = Response(misuse.page, misuse.status, media_type="application/xml")
        return await afterwards(sandbox, fault, response)

    return call


async def _serve_document(sandbox: Sandbox, request: Request) -> Response:
    document = sandbox.documents.open(
        request.method,
        request.path_params["document_id"],
        dict(request.query_params),
        sandbox.clock.now(),
        token="x-amz-access-token" in request.headers,
    )
    if request.method == "PUT":
        content = await request.body()
        if len(content) > _LARGEST:
            raise Misuse(400, "EntityTooLarge", "Your proposed upload is too large")
        content_type = request.headers.get("content-type", "")
        sandbox.documents.upload(document, content_type, content)
        return Response(status_code=200)
    headers = {"Content-Type": document.content_type}
    if "response-content-encoding" in request.query_params:
        headers["Content-Encoding"] = request.query_params["response-content-encoding"]
    return Response(document.content, headers=headers)
