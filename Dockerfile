# The service with an index in it: of the sample corpus, or of a file in this folder that a build argument names:
#   docker build -t nearpaper --build-arg CORPUS=papers.jsonl.gz .
# Nothing is fetched at run time: both models are inside, all-MiniLM-L6-v2 (24 MB) and bge-small-en-v1.5 (35 MB).
ARG NODE_IMAGE=node:20-bookworm-slim

# Modules, the native ones compiled where no binary for this platform can be fetched.
FROM ${NODE_IMAGE} AS modules
RUN apt-get update \
  && apt-get install -y --no-install-recommends build-essential python3 \
  && rm -rf /var/lib/apt/lists/*
# Without this, onnxruntime-node would fetch GPU libraries of 400 MB.
ENV ONNXRUNTIME_NODE_INSTALL=skip
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
# Beside the stock addon, which runs on every x86-64, copies for newer processors: each process picks by its own.
COPY scripts/build-native.mjs scripts/
RUN node scripts/build-native.mjs

FROM modules AS program
COPY tsconfig.json ./
COPY src src
COPY scripts/build-kernels.mjs scripts/
RUN npx --no-install tsc -p . --incremental false --sourceMap false && node scripts/build-kernels.mjs

FROM modules AS trimmed
COPY scripts/trim-modules.sh scripts/
RUN npm prune --omit=dev --no-audit --no-fund && sh scripts/trim-modules.sh node_modules

# The index, made with the very modules and program that will serve it.
FROM trimmed AS index
COPY --from=program /app/dist dist
COPY models models
COPY vendor vendor
COPY index-data/sample-page.txt index-data/
COPY LICENSE ./
COPY scripts/bake-index.sh scripts/healthcheck.mjs scripts/
# The context may come from a clone that only its owner can read.
RUN chmod -R a+rX package.json LICENSE scripts models index-data
ARG CORPUS=index-data/sample-page.txt
ARG MODEL=all-MiniLM-L6-v2
COPY ${CORPUS} corpus/
RUN NEARPAPER_INDEX=/data NEARPAPER_MODEL="$MODEL" sh scripts/bake-index.sh "$CORPUS"

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="nearpaper" \
  org.opencontainers.image.description="Self-hosted recommender of papers: the nearest papers of your own corpus, from a model that runs inside the process." \
  org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
# Root owns the program and the models, so that the process cannot change them.
COPY --from=index /app/node_modules node_modules
COPY --from=index /app/models models
COPY --from=index /app/vendor vendor
COPY --from=index /app/package.json /app/LICENSE /app/scripts/healthcheck.mjs ./
COPY --from=index /app/index-data index-data
COPY --from=index /app/dist dist
# The index belongs to the process: a new volume mounted here begins as a copy of it, which `build` then replaces.
COPY --from=index --chown=node:node /data /data
ENV NODE_ENV=production HOST=0.0.0.0 NEARPAPER_INDEX=/data
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "/app/healthcheck.mjs"]
ENTRYPOINT ["node", "/app/dist/src/cli.js"]
CMD ["serve"]
