"""One HTTP/1.1 connection: reads requests, answers them, and breaks where it is told to."""

from __future__ import annotations

import asyncio
import gzip
import time
from dataclasses import dataclass, field
from typing import Final

import h11

from .faults import FaultScript, Trouble
from .message import Application, Reply, Request, Response
from .requestlog import LoggedRequest, RequestLog

_READ_SIZE: Final = 65_536
_REQUEST_LINE_LIMIT: Final = 8192
_COMPRESSED_FROM: Final = 1024


@dataclass(slots=True)
class Service:
    """What every connection of one server shares."""

    application: Application
    faults: FaultScript = field(default_factory=FaultScript)
    log: RequestLog = field(default_factory=RequestLog)
    compresses: bool = True


class Connection:
    """One client's connection."""

    def __init__(
        self,
        service: Service,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        door: str = "",
    ) -> None:
        self._service = service
        self._door = door
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)

    async def serve(self) -> None:
        """Answer requests until either side has enough."""
        try:
            while await self._serve_one():
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            await self._refuse_malformed(error)
        except (ConnectionError, TimeoutError, h11.LocalProtocolError):
            pass
        finally:
            self._writer.close()

    async def _serve_one(self) -> bool:
        """Answer one request; return whether another may follow."""
        head = await self._event()
        if not isinstance(head, h11.Request):
            return False
        body = await self._body()
        target = head.target.decode("latin-1")
        headers = [(name.decode(), value.decode("latin-1")) for name, value in head.headers]
        path, _, query = target.partition("?")
        request = Request(
            method=head.method.decode(),
            path=path,
            query_string=query,
            headers=headers,
            body=body,
            door=self._door,
        )
        listing = self._service.application.is_list(request)
        if listing:
            self._service.log.list_began()
        try:
            return await self._answer(request, too_long=len(target) > _REQUEST_LINE_LIMIT)
        finally:
            if listing:
                self._service.log.list_ended()

    async def _answer(self, request: Request, *, too_long: bool) -> bool:
        began = time.perf_counter()
        trouble = self._service.faults.meet(request)
        if trouble:
            await self._suffer_before(trouble, request)
        application = self._service.application
        reply = Reply(Response(status=414)) if too_long else application.answer(request)
        response = trouble.apply(reply.response) if trouble else reply.response
        self._service.log.add(
            LoggedRequest(
                method=request.method,
                path=request.path,
                query=request.query_string,
                headers=tuple(request.headers),
                body=request.body,
                template=reply.template,
                status=response.status,
                door=request.door,
                size=len(response.body),
            )
        )
        if response.takes_over:
            await response.takes_over(self._reader, self._writer)
            return False
        return await self._send(request, response, trouble, time.perf_counter() - began)

    async def _suffer_before(self, trouble: Trouble, request: Request) -> None:
        if trouble.hang:
            await self._reader.read()  # until the client leaves
            raise ConnectionResetError
        if trouble.before:
            # In a thread, so that a test may hold a reply back with an event.
            await asyncio.to_thread(trouble.before)
        cost_s = trouble.delay_for(request.query_string) if trouble.delay_for else 0
        await asyncio.sleep(trouble.delay_s + cost_s)

    async def _send(
        self, request: Request, response: Response, trouble: Trouble | None, took_s: float
    ) -> bool:
        headers = self._headers(response, took_s)
        body = self._compressed(request, response, headers)
        if trouble and trouble.endless:
            return await self._send_endless(response, headers, trouble)
        if response.status not in (204, 304):
            headers.append(("Content-Length", str(len(body))))
        head = self._http.send(h11.Response(status_code=response.status, headers=headers))
        sent = self._http.send(h11.Data(data=body)) if request.method != "HEAD" and body else None
        self._http.send(h11.EndOfMessage())
        if trouble and (trouble.cut_after is not None or trouble.chunk_bytes):
            return await self._send_badly((head or b"") + (sent or b""), trouble)
        self._writer.write(head or b"")
        self._writer.write(sent or b"")
        await self._writer.drain()
        return self._may_go_on()

    async def _send_endless(
        self, response: Response, headers: list[tuple[str, str]], trouble: Trouble
    ) -> bool:
        head = self._http.send(h11.Response(status_code=response.status, headers=headers))
        start = self._http.send(h11.Data(data=trouble.endless_start))
        self._writer.write((head or b"") + (start or b""))
        while not self._writer.is_closing():
            self._writer.write(self._http.send(h11.Data(data=trouble.endless * 1000)) or b"")
            await self._writer.drain()
        return False

    async def _send_badly(self, raw: bytes, trouble: Trouble) -> bool:
        """Send the first bytes only, or all of them in drops."""
        raw = raw[: trouble.cut_after]
        step = trouble.chunk_bytes or len(raw) or 1
        for start in range(0, len(raw), step):
            self._writer.write(raw[start : start + step])
            await self._writer.drain()
            await asyncio.sleep(trouble.chunk_pause_s)
        return trouble.cut_after is None and self._may_go_on()

    def _may_go_on(self) -> bool:
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    def _headers(self, response: Response, took_s: float) -> list[tuple[str, str]]:
        own = self._service.application.standing_headers(took_s)
        headers = [*([] if response.is_foreign else own), *response.headers]
        if response.content_type:
            headers.append(("Content-Type", response.content_type))
        return headers

    def _compressed(
        self, request: Request, response: Response, headers: list[tuple[str, str]]
    ) -> bytes:
        """Return the body, compressed where the real server would: JSON over plain HTTP."""
        secure = self._writer.get_extra_info("sslcontext") is not None
        wanted = "gzip" in (request.header("accept-encoding") or "")
        suitable = len(response.body) >= _COMPRESSED_FROM and "json" in (
            response.content_type or ""
        )
        if secure or not (self._service.compresses and wanted and suitable):
            return response.body
        headers.extend([("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")])
        return gzip.compress(response.body, compresslevel=1)

    async def _event(self) -> object:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._http.receive_data(await self._reader.read(_READ_SIZE))

    async def _body(self) -> bytes:
        parts = []
        while isinstance(event := await self._event(), h11.Data):
            parts.append(bytes(event.data))
        return b"".join(parts)

    async def _refuse_malformed(self, error: h11.RemoteProtocolError) -> None:
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            status = error.error_status_hint
            head = h11.Response(
                status_code=status, headers=[("Connection", "close"), ("Content-Length", "0")]
            )
            self._writer.write(self._http.send(head) or b"")
