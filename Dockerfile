# syntax=docker/dockerfile:1
# `docker build .` makes the server; `docker build --target sandbox .` makes the sandbox clouds for a CI.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The optional packages are Node binaries for machines with an older Node; this image has Node 24.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json tsconfig.sandbox.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY src src
RUN npm run build && npm run build:sandbox

FROM node:24-slim AS runtime
# Threads share their allocation arenas, which saves memory; allocation speed is not critical.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY bin bin
COPY config config
RUN install -d -m 0700 -o node -g node data keys
USER node

FROM runtime AS sandbox
COPY --from=build /app/dist-sandbox dist
EXPOSE 8090
ENTRYPOINT ["node", "bin/sojourn.js"]
CMD ["sandbox", "--listen", "0.0.0.0:8090"]

FROM runtime AS server
COPY --from=build /app/dist dist
VOLUME ["/app/data", "/app/keys"]
EXPOSE 8080
# On loopback the admin listener uses plain http. SOJOURN_ADMIN_URL overrides the address.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "-e", "fetch((process.env.SOJOURN_ADMIN_URL || 'http://127.0.0.1:8081') + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# SIGUSR1 would open Node's inspector, which can read the signing keys.
ENTRYPOINT ["node", "--disable-sigusr1", "bin/sojourn.js"]
CMD ["serve", "--config", "config/sojourn.yaml"]
