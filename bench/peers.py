"""Measures DuckDB, PostgreSQL and ArcticDB on the data of a run and prints seconds as JSON."""
import json, statistics, sys, tempfile, time


def median(turns, work):
    for turn in range(turns // 10 + 1):
        work(turn)
    times = []
    for turn in range(turns):
        start = time.perf_counter()
        work(turn)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def try_each(parts):
    out = {}
    for part in parts:
        try:
            out.update(part())
        except ImportError as missing:
            print(f"left out: {missing}", file=sys.stderr)
    return out


def series(files, ids, names, day, arrow, postgres):
    files, ids, names = json.loads(files), json.loads(ids), json.loads(names)

    def duck():
        import duckdb
        con = duckdb.connect()
        con.execute(f"create view points as select * from read_parquet({files!r})")
        query = ("select date, arg_max(value, revision_date) from points where series_id = ? and revision_date <= "
                 f"date '{day}' group by date order by date")
        latest = "select date, value from points where series_id = ? order by date desc, revision_date desc limit 1"
        return {"duckdb": median(40, lambda turn: con.execute(query, [ids[turn % len(ids)]]).to_arrow_table()),
                "duckdb_latest": median(40, lambda turn: con.execute(latest, [ids[turn % len(ids)]]).fetchall())}

    def pg():
        import psycopg
        with psycopg.connect(postgres, autocommit=True) as con:
            query = ("select distinct on (date) date, value from points where series_id = %s and revision_date <= "
                     f"'{day}' order by date, revision_date desc")
            latest = "select date, value from points where series_id = %s order by date desc, revision_date desc limit 1"
            cursor = con.cursor(binary=True)
            assert len(cursor.execute(query, [names[0]]).fetchall()) > 1000
            return {"postgres": median(60, lambda turn: cursor.execute(query, [names[turn % len(names)]]).fetchall()),
                    "postgres_latest": median(60, lambda turn: cursor.execute(latest, [names[turn % len(names)]]).fetchall())}

    def arctic():
        import arcticdb, pyarrow as pa, pandas as pd
        with tempfile.TemporaryDirectory() as home:
            library = arcticdb.Arctic(f"lmdb://{home}?map_size=4GB").get_library("points", create_if_missing=True)
            wanted, frames = set(names), {}
            for batch in pa.ipc.open_stream(arrow):
                frame = batch.to_pandas()
                frame["value"] = frame["value"].astype(float)
                for name, part in frame[frame.series_id.isin(wanted)].groupby("series_id"):
                    part = part.assign(date=pd.to_datetime(part.date), revision_date=pd.to_datetime(part.revision_date))
                    library.write(name, part.set_index("date")[["value", "revision_date"]])
            limit = pd.Timestamp(day)

            def read(turn):
                frame = library.read(names[turn % len(names)]).data
                frame = frame[frame.revision_date <= limit]
                return frame[~frame.index.duplicated(keep="last")]
            return {"arcticdb": median(60, read)}
    return try_each([duck, pg, arctic])


def panel(files, day):
    def duck():
        import duckdb
        con = duckdb.connect()
        con.execute(f"create view points as select * from read_parquet({json.loads(files)!r})")
        query = ("select series_id, date, arg_max({'v': value}, revision_date) from points where revision_date <= "
                 f"date '{day}' group by series_id, date order by series_id, date")
        return {"duckdb": median(15, lambda turn: con.execute(query).to_arrow_table())}
    return try_each([duck])


def copy(csv, postgres):
    def pg():
        import psycopg
        with psycopg.connect(postgres, autocommit=True) as con:
            con.execute("drop table if exists points")
            con.execute("create table points (series_id text, date date, value numeric(28, 10), revision_date date)")
            con.execute("create index on points (series_id, date, revision_date)")
            start = time.perf_counter()
            with con.cursor().copy("copy points from stdin with (format csv, header)") as sink, open(csv, "rb") as file:
                while block := file.read(1 << 20):
                    sink.write(block)
            seconds = time.perf_counter() - start
            con.execute("analyze points")
            return {"postgres": seconds}
    return try_each([pg])


part, arguments = sys.argv[1], sys.argv[2:]
print(json.dumps({"series": series, "panel": panel, "copy": copy}[part](*arguments)))
