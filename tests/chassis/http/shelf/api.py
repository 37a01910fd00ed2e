"""The shelf's HTTP door."""

from typing import Any
from uuid import UUID
from zlib import crc32

import sqlalchemy as sa
from marshmallow import Schema, fields, validate

from services.chassis.errors import Conflict, NotFound
from services.chassis.http import Answer, Api, Request, Role
from services.chassis.http.upload import Upload
from services.chassis.ids import new_id
from services.chassis.storage import UnitOfWork

api = Api("shelf", title="Shelf", description="Picture books, and the readers who borrow them.")

BOOKS = sa.text(
    "select id, title, copies, added_on from book where (title, id) > (:title, :id) and title ilike '%' || :word || '%'"
    " order by title, id limit :fetch"
)
BOOK = sa.text("select id, title, copies, added_on from book where id = cast(:id as uuid)")
ADD_BOOK = sa.text("insert into book (id, title, copies, added_on) values (:id, :title, :copies, :added_on)")
REMOVE_BOOK = sa.text("delete from book where id = cast(:id as uuid) returning id")
READERS = sa.text("select id, name, institution from reader where id > :id order by id limit :fetch")
READER = sa.text("select id, name, institution from reader where id = cast(:id as uuid)")

FIRST = UUID(int=0)


class AuthorBody(Schema):
    name = fields.String(required=True, validate=validate.Length(min=1, max=80))
    born = fields.Integer(validate=validate.Range(min=1000, max=2100))


class BookBody(Schema):
    title = fields.String(required=True, validate=validate.Length(min=1, max=200))
    copies = fields.Integer(required=True, validate=validate.Range(min=1, max=999))
    added_on = fields.Date(required=True)
    weight_kg = fields.Float(allow_none=True, validate=validate.Range(min=0, max=10))
    is_lent = fields.Boolean()
    bought_at = fields.AwareDateTime()
    kind = fields.String(validate=validate.OneOf(["cardboard", "paper"]))
    authors = fields.List(fields.Nested(AuthorBody), validate=validate.Length(max=5))


class BookSchema(Schema):
    id = fields.UUID(required=True)
    title = fields.String(required=True)
    copies = fields.Integer(required=True)
    added_on = fields.Date(required=True)


class BookQuery(Schema):
    word = fields.String(load_default="", validate=validate.Length(max=40))


class ReaderSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    institution = fields.String(required=True)


@api.get("/v1/books", summary="All books", public=True, query=BookQuery(), paged=(str, UUID), returns={200: BookSchema()})
def books(request: Request, work: UnitOfWork) -> Answer:
    """The books in the order of their titles."""
    title, after = request.page.after or ("", FIRST)
    query = {"title": title, "id": after, "word": request.query["word"], "fetch": request.page.fetch}
    return request.page.answer(work.connection.execute(BOOKS, query).all(), key=lambda row: (row.title, row.id))


@api.get("/v1/books/{id:uuid}", summary="One book", public=True, returns={200: BookSchema()})
def book(request: Request, work: UnitOfWork) -> Any:
    """A book by its id."""
    return found(work.connection.execute(BOOK, request.path).first())


@api.post(
    "/v1/books",
    summary="Add a book",
    roles=(Role.COORDINATOR, Role.SYSTEM),
    body=BookBody(),
    returns={201: BookSchema()},
    idempotent=True,
    examples={"body": {"title": "Bamse", "copies": 2, "added_on": "2026-03-01"}},
)
def add_book(request: Request, work: UnitOfWork) -> Answer:
    """Put a new book on the shelf."""
    row = {"id": new_id(), **{name: request.body[name] for name in ("title", "copies", "added_on")}}
    work.connection.execute(ADD_BOOK, row)
    work.emit("shelf.book.added.v1", subject=row["id"], data={"title": row["title"]}, cause=request.cause)
    request.concerns(row["id"])
    return Answer(row, 201, {"Location": f"books/{row['id']}"})


@api.delete("/v1/books/{id:uuid}", summary="Remove a book", roles=(Role.COORDINATOR,), returns={204: None}, errors=(404,))
def remove_book(request: Request, work: UnitOfWork) -> None:
    """Take a book off the shelf."""
    found(work.connection.execute(REMOVE_BOOK, request.path).first())


@api.post("/v1/catalogue", summary="Send a catalogue", roles=(Role.COORDINATOR,), body=Upload(["text/csv"]), returns={200: "text/plain"})
def send_catalogue(request: Request, _work: UnitOfWork) -> str:
    """Answers how large it is."""
    return str(len(request.content))


@api.post(
    "/v1/books/{id:uuid}/loans", summary="Lend a book", roles=(Role.PROFESSIONAL,), returns={204: None}, errors=(409,), idempotent=True
)
def lend_book(request: Request, work: UnitOfWork) -> None:
    """Lend a copy; the last copy stays in the house."""
    row = found(work.connection.execute(BOOK, request.path).first())
    if row.copies == 1:
        raise Conflict("last-copy", da="Det sidste eksemplar bliver i huset.", en="The last copy stays in the house.")
    work.connection.execute(sa.text("update book set copies = copies - 1 where id = cast(:id as uuid)"), request.path)


@api.get("/v1/books.csv", summary="All books as a table", public=True, returns={200: "text/csv"})
def books_as_csv(_request: Request, work: UnitOfWork) -> Answer:
    """The titles, a line each; the caller may keep them for a minute."""
    table = "title\n" + "".join(f"{title}\n" for title in work.connection.scalars(sa.text("select title from book order by title")))
    return Answer(table, headers={"ETag": f'W/"{crc32(table.encode())}"', "Cache-Control": "private, max-age=60"})


@api.page("/shelf", summary="The shelf as a page", public=True)
def shelf(_request: Request, _work: UnitOfWork) -> str:
    """A page for people."""
    return "<!doctype html><html lang='da'><title>Hylden</title><h1>Hylden</h1></html>"


@api.get("/v1/readers", summary="All readers", roles=(Role.COORDINATOR,), personal=True, paged=(UUID,), returns={200: ReaderSchema()})
def readers(request: Request, work: UnitOfWork) -> Answer:
    """Everyone who borrows."""
    (after,) = request.page.after or (FIRST,)
    rows = work.connection.execute(READERS, {"id": after, "fetch": request.page.fetch}).all()
    request.concerns(*(row.id for row in rows[: request.page.limit]))
    return request.page.answer(rows, key=lambda row: (row.id,))


@api.get(
    "/v1/readers/{id:uuid}",
    summary="One reader",
    roles=(Role.COORDINATOR, Role.LEADER),
    personal=True,
    returns={200: ReaderSchema()},
)
def reader(request: Request, work: UnitOfWork) -> Any:
    """A reader; leaders see those of their own institutions."""
    row = found(work.connection.execute(READER, request.path).first())
    if not request.caller.reaches(row.institution, Role.COORDINATOR, Role.LEADER):
        raise NotFound
    return row


def found(row: Any) -> Any:
    """The row, or the same refusal for everything that the caller cannot see."""
    if row is None:
        raise NotFound
    return row
