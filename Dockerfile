# The Python that the tests run on, and the uv that `make` uses.
ARG PYTHON=3.11-slim-bookworm
ARG UV_VERSION=0.13.8

FROM python:${PYTHON} AS build
ARG UV_VERSION
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/amazon-endpoint \
    UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir "uv==${UV_VERSION}"
WORKDIR /source
# What changes seldom comes first, and is not made again with every change of ours.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project
COPY README.md LICENSE ./
COPY src ./src
RUN uv sync --frozen --no-dev --no-editable

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="Amazon Endpoint" \
      org.opencontainers.image.licenses="MIT"
# Without a setting the database is below the home directory.
RUN useradd --uid 10001 --user-group --no-log-init --create-home --home-dir /data endpoint
COPY --from=build /opt/amazon-endpoint /opt/amazon-endpoint
ENV PATH=/opt/amazon-endpoint/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8000, timeout=4); c.request('GET', '/health'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["amazon-endpoint"]
CMD ["up", "--host", "0.0.0.0"]
