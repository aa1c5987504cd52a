# The platform in one image. With DATABASE_URL it uses your PostgreSQL; without, the embedded one in the volume /data.
#
#   docker build -t dakashi-open-platform .
#   docker run --init -p 8080:8080 -v dakashi:/data dakashi-open-platform
#
# Debian rather than Alpine: the embedded PostgreSQL is linked against glibc.

# Manifests first, so that a change of the code alone does not install anything again. npm ci wants those of every
# workspace that package-lock.json knows: a new workspace is added here.
FROM node:24-bookworm-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY bench/package.json bench/
COPY packages/console/package.json packages/console/
COPY packages/console/scripts packages/console/scripts
COPY packages/sdk/package.json packages/sdk/
COPY packages/server/package.json packages/server/
COPY packages/server/bin packages/server/bin

FROM manifests AS dependencies
# Of the server alone: neither what the benchmarks and the pages are built with nor the Node that the root's package.json
# brings, since the base image has it.
RUN npm ci --omit=dev --workspace=@dakashi/server

# The console's and the portal's pages, of which only what comes out goes into the image.
FROM manifests AS pages
RUN npm ci --ignore-scripts --include=dev --workspace=@dakashi/console --workspace=@dakashi/server
COPY tsconfig.json ./
COPY docs docs
COPY examples examples
COPY packages packages
RUN node packages/console/scripts/build.js

FROM node:24-bookworm-slim
# `dks` is on the path: docker exec … dks account create --name …
ENV HOST=0.0.0.0 \
    PORT=8080 \
    DKS_DATA_DIR=/data \
    PATH=/app/node_modules/.bin:$PATH
WORKDIR /app
# Everything belongs to root and is not writable for the user that the server runs as.
COPY --from=dependencies /app ./
COPY LICENSE ./
COPY packages/sdk packages/sdk
COPY packages/server packages/server
COPY --from=pages /app/packages/console/dist packages/console/dist
# Served as /openapi.json.
COPY docs/openapi.json docs/
RUN install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# The first start with the embedded PostgreSQL creates it, hence the start period.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "packages/server/bin/dks.js", "serve"]
