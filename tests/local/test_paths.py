"""Addresses follow from the state directory alone."""

from pathlib import Path

from hivemind.local import paths


def test_two_checkouts_never_share_a_socket() -> None:
    assert paths.layout("/srv/a/var").socket_dir != paths.layout("/srv/b/var").socket_dir


def test_the_same_folder_by_another_name_is_the_same_checkout(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert paths.layout(tmp_path / "link") == paths.layout(tmp_path / "real")


def test_socket_paths_stay_short_in_a_deep_clone() -> None:
    deep = "/home/" + "/".join(["a-folder-with-a-long-name"] * 20)
    where = paths.layout(deep)
    assert len(str(where.socket_dir / ".s.PGSQL.5432.lock")) < 107
    assert len(str(where.redis_socket)) < 107


def test_the_broker_and_the_cache_name_the_same_socket(tmp_path: Path) -> None:
    url = paths.redis_url(tmp_path, database=3)
    socket = str(paths.layout(tmp_path).redis_socket)
    assert url == f"unix://{socket}?db=3"
    assert paths.celery_broker_url(url) == f"redis+socket://{socket}?virtual_host=3"
    assert paths.celery_broker_url("unix:///x.sock") == "redis+socket:///x.sock?virtual_host=0"
    assert paths.celery_broker_url("rediss://cache.example:6380/1") == "rediss://cache.example:6380/1"
