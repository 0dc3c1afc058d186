# The register as an image: one process per container, which `engagements` names (serve, worker, migrate, seed …).

FROM python:3.12-slim AS build

ENV UV_PROJECT_ENVIRONMENT=/opt/register \
    UV_PYTHON=/usr/local/bin/python3 \
    UV_PYTHON_DOWNLOADS=never \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy
RUN pip install --no-cache-dir --root-user-action=ignore uv==0.13.9
WORKDIR /src

# What the register needs changes more seldom than the register; so it is a layer of its own.
COPY pyproject.toml uv.lock ./
RUN uv sync --no-cache --locked --no-dev --no-install-project

COPY README.md LICENSE ./
COPY service/ service/
COPY migrations/ migrations/
COPY seed/ seed/
RUN uv sync --no-cache --locked --no-dev --no-editable


FROM python:3.12-slim

LABEL org.opencontainers.image.title="Engagement Register" \
      org.opencontainers.image.description="A searchable register of diplomatic engagements" \
      org.opencontainers.image.licenses="MIT"

ENV PATH=/opt/register/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENGAGEMENTS_DATA_DIR=/data \
    ENGAGEMENTS_LOG_FORMAT=json

RUN groupadd --gid 10001 register \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin register \
    && install --directory --owner=register --group=register --mode=0700 /data
COPY --from=build /opt/register /opt/register

# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Asked without urllib, which would send the question to a proxy where one is configured.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "\
import os, sys, http.client; \
asked = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('ENGAGEMENTS_PORT', '8000')), timeout=4); \
asked.request('GET', '/healthz'); \
sys.exit(asked.getresponse().status != 200)"]

ENTRYPOINT ["engagements"]
CMD ["serve", "--host", "0.0.0.0"]
