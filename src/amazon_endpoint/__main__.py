"""`python -m amazon_endpoint` is the command `amazon-endpoint`."""

from amazon_endpoint.cli import main

if __name__ == "__main__":
    main()
