# One image for migrate, score and flows. The packages of the lock are a layer of their own, so a
# change of code rebuilds in seconds.

FROM python:3.12-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app

COPY requirements.lock ./
RUN pip install --requirement requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY ingest ingest
COPY classify classify
COPY alerts alerts
COPY storage storage
COPY flows flows
RUN pip install --no-deps . \
    && rm -rf build *.egg-info

# The embedded defaults write under var/; servers need nothing but this folder for logs.
RUN useradd --create-home barometer \
    && mkdir /data /data/var \
    && chown -R barometer: /data
USER barometer
WORKDIR /data

CMD ["barometer", "--help"]
