from amazon_endpoint.cli.demo import _environment


def test_each_demonstration_is_a_seller_of_its_own() -> None:
    first, second = _environment("http://here"), _environment("http://here")
    for name in ("AMAZON_ENDPOINT_REFRESH_TOKEN", "AMAZON_ENDPOINT_SELLER_ID"):
        assert first[name] != second[name]
