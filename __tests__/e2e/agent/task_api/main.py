"""The routes."""
import logging
import time

import anyio
from fastapi import FastAPI, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

from . import cache, database, settings
from .version import COLUMNS, VERSION

logging.basicConfig(level=settings.LOG_LEVEL.upper())
log = logging.getLogger("task_api")

requests = Counter("task_api_requests", "Requests answered.", ["method", "route", "status"])
seconds = Histogram("task_api_request_seconds", "Time to answer a request.", ["route"])
lookups = Counter("task_api_cache_lookups", "Tasks looked for in the cache.", ["result"])
database_up = Gauge("task_api_database_up", "Whether the database answered and has the schema, at the last look.")
redis_up = Gauge("task_api_redis_up", "Whether the cache answered, at the last look.")
Gauge("task_api_info", "The version that runs.", ["version"]).labels(VERSION).set(1)

app = FastAPI(title="task-api", version=VERSION)


@app.on_event("startup")
async def threads():
    anyio.to_thread.current_default_thread_limiter().total_tokens = settings.WORKER_THREADS + 2


@app.middleware("http")
async def measured(request: Request, call_next):
    started = time.perf_counter()
    response = await call_next(request)
    # By the route's pattern, not by the path: a label for every task would never end.
    route = getattr(request.scope.get("route"), "path", "none")
    requests.labels(request.method, route, response.status_code).inc()
    seconds.labels(route).observe(time.perf_counter() - started)
    return response


@app.exception_handler(SQLAlchemyError)
def no_database(_request: Request, error: SQLAlchemyError):
    log.error("the database: %s", reason(error))
    return JSONResponse({"detail": "the database can't be used"}, status_code=503)


def reason(error):
    return str(getattr(error, "orig", None) or error).strip().split("\n")[0]


@app.get("/health")
async def health():
    """The process works. Says nothing about the stores: a restart would mend none of them."""
    return {"status": "ok", "version": VERSION}


@app.get("/ready")
def ready(response: Response):
    """Requests can be answered: the database is there with its schema. Without the cache, degraded."""
    try:
        database.check()
        database_up.set(1)
        postgresql = "ok"
    except SQLAlchemyError as error:
        database_up.set(0)
        postgresql = reason(error)
    fault = cache.check()
    redis_up.set(fault is None)
    status = "unavailable" if postgresql != "ok" else "degraded" if fault else "ready"
    if status == "unavailable":
        response.status_code = 503
        log.warning("not ready: %s", postgresql)
    return {"status": status, "version": VERSION, "postgresql": postgresql, "redis": fault or "ok"}


@app.get("/metrics")
def metrics():
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@app.post("/tasks", status_code=201)
def create(task: dict):
    unknown = sorted(set(task) - set(COLUMNS))
    if unknown or not isinstance(task.get("title"), str):
        raise HTTPException(422, f"a task has a title and may have {', '.join(list(COLUMNS)[1:])}; unknown: {unknown}")
    created = database.create({**COLUMNS, **task})
    cache.put(created)
    return created


@app.get("/tasks")
def newest(limit: int = 20):
    return database.newest(min(limit, 100))


@app.get("/tasks/{number}")
def get(number: int, response: Response):
    task, reachable = cache.get(number)
    result = "hit" if task else "miss" if reachable else "unavailable"
    lookups.labels(result).inc()
    response.headers["X-Cache"] = result
    if task is None:
        task = database.get(number)
        if task is None:
            raise HTTPException(404, f"there is no task {number}")
        if reachable:
            cache.put(task)
    return task
