"""Pages that tell what they were asked, for the tests of the server under them."""

from __future__ import annotations

import threading

from flask import Flask, Response, jsonify, request, session, stream_with_context

from ops.pages.bodies import Room
from ops.pages.server import PageServer
from web.security import LARGEST_UPLOAD

THREADS = 2
ROOM = 20_000_000
"""Octets of bodies at a time."""


def application():
    pages = Flask("told")
    pages.config.update(SECRET_KEY="told", MAX_CONTENT_LENGTH=LARGEST_UPLOAD)
    ended, room = threading.Event(), Room(ROOM)

    @pages.route("/told/<path:rest>", methods=["GET", "POST"])
    def told(rest):
        answer = jsonify(
            rest=rest,
            args=request.args.to_dict(flat=False),
            form=request.form.to_dict(flat=False),
            sizes=[len(one.read()) for one in request.files.values()],
            cookies=dict(request.cookies),
            headers=[[name, value] for name, value in request.headers.items()],
            address=request.remote_addr,
            url=request.url,
        )
        answer.set_cookie("one", "1")
        answer.set_cookie("two", "2")
        return answer

    @pages.post("/length/")
    def length():
        return str(len(request.get_data()))

    @pages.get("/pieces/")
    def pieces():
        session["asked"] = True

        def made():
            try:
                for number in range(int(request.args["count"])):
                    yield f"{number} {session['asked']}\n"
            finally:
                ended.set()

        return Response(stream_with_context(made()), mimetype="text/plain")

    @pages.get("/ended/")
    def has_ended():
        return str(ended.is_set())

    @pages.get("/nothing/")
    def nothing():
        return Response(status=304)

    @pages.get("/room/")
    def left():
        return str(room.left)

    return PageServer(pages, THREADS, room)
