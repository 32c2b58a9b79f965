# One image for migrate, score and flows: a virtual environment from the lock, on a slim base, for a user without rights.
# The packages of the lock are a layer of their own, so a change of code rebuilds in seconds.

FROM python:3.12.13-slim-bookworm AS build

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /build

# Servers keep the data, so the engine of the embedded database and what only it needs stay out: 0.7 of 1.8 GB.
COPY requirements.lock ./
RUN python -m venv /opt/barometer \
    && grep -v -E '^(chdb|chdb-core|pandas)==' requirements.lock >server.lock \
    && /opt/barometer/bin/pip install --requirement server.lock

COPY pyproject.toml README.md LICENSE ./
COPY ingest ingest
COPY classify classify
COPY alerts alerts
COPY storage storage
COPY flows flows
RUN /opt/barometer/bin/pip install --no-deps . \
    && /opt/barometer/bin/pip uninstall --yes pip


FROM python:3.12.13-slim-bookworm

LABEL org.opencontainers.image.title="Barometer" \
      org.opencontainers.image.description="Monitor of public attitudes toward regular and irregular migration" \
      org.opencontainers.image.licenses="Apache-2.0"

# Volumes for what is written take over the owner of these folders. Everything else may be read-only but /tmp.
RUN groupadd --gid 10001 barometer \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin barometer \
    && mkdir /data /data/var /board \
    && chown -R 10001:10001 /data /board

COPY --from=build /opt/barometer /opt/barometer

ENV PATH=/opt/barometer/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

USER 10001:10001
WORKDIR /data

CMD ["barometer", "--help"]
