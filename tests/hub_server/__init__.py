"""A Hub on this machine, for tests that run the real client against it.

    with serve(folder) as hub:
        hub.create_repo("org/name", private=True)
        commit = hub.commit("org/name", {"config.json": "{}", "model.safetensors": weights})
        hub.fault("GET *.safetensors", FlipByte(), times=2)
        with ClientProcess(hub, home, token=hub.token("write")) as client:
            path = client.run("hf_hub_download('org/name', 'model.safetensors')")
        assert hub.count("GET *.safetensors") == 1

The client reads HF_ENDPOINT when it is imported, so it runs in a process of its own: a
`ClientProcess`, or any other with the variables of `client_environment`. The server runs in
threads of the test, which may change it meanwhile. All is kept in the folder: to serve it again
goes on where it was. An exception in the server itself is raised at the end of `serve`.

There are three origins, each a port: the Hub; the storage behind it, which answers to signed links
alone and takes no tokens; and Xet. `hub.requests` has all requests as "GET /path", in their order
and as they were sent, without the query. Only repositories of models are served.

What was checked
----------------
Paths, parameters, status codes, headers and JSON were checked against the source of
huggingface_hub 2.4.0, route by route, and then with the client itself:

    GET    /api/whoami-v2                     hf_api.py: _inner_whoami
    GET    /api/agent-harnesses               utils/_detect_agent.py: _fetch_registry
    POST   /api/validate-yaml                 hf_api.py: _validate_yaml; repocard.py: validate
    POST   /api/repos/create                  hf_api.py: create_repo
    DELETE /api/repos/delete                  hf_api.py: delete_repo
    PUT    /api/models/ID/settings            hf_api.py: update_repo_settings
    GET    /api/models/ID/auth-check[/write]  hf_api.py: auth_check
    GET    /api/models                        hf_api.py: list_models; utils/_pagination.py
    GET    /api/models/ID[/revision/REV]      hf_api.py: model_info, resolve_revision, ModelInfo
    GET    /api/models/ID/tree/REV[/PATH]     hf_api.py: _iter_repo_tree_pages, RepoFile, RepoFolder
    POST   /api/models/ID/paths-info/REV      hf_api.py: get_paths_info
    GET    /api/models/ID/refs                hf_api.py: list_repo_refs
    GET    /api/models/ID/commits/REV         hf_api.py: list_repo_commits
    POST, DELETE /api/models/ID/branch/NAME   hf_api.py: create_branch, delete_branch
    POST   /api/models/ID/tag/REV             hf_api.py: create_tag
    DELETE /api/models/ID/tag/NAME            hf_api.py: delete_tag
    POST   /api/models/ID/preupload/REV       _commit_api.py: _fetch_upload_modes
    POST   /ID.git/info/lfs/objects/batch     lfs.py: post_lfs_batch_info
    PUT    (link to the storage)              lfs.py: _upload_single_part, _upload_parts_iteratively
    POST   (link that ends an upload)         lfs.py: _upload_multi_part
    POST   /ID.git/info/lfs/objects/verify    lfs.py: lfs_upload
    POST   /api/models/ID/commit/REV          _commit_api.py: _prepare_commit_payload, _send_commit
    HEAD   /ID/resolve/REV/PATH               file_download.py: get_hf_file_metadata;
                                              _httpx2_follow_hub_redirects_with_backoff
    GET    /ID/resolve/REV/PATH, links        file_download.py: http_get
    GET    /api/models/ID/xet-read-token/REV  utils/_xet.py: xet_connection_info_refresh_url,
    GET    /api/models/ID/xet-write-token/REV parse_xet_connection_info_from_headers
    X-Xet-Hash, Link rel="xet-auth"           utils/_xet.py: parse_xet_file_data_from_response
    X-Error-Code, X-Error-Message             utils/_http.py: hf_raise_for_status
    412, 422, 409, "doesn't exist"            the client's own tests of the Hub, and its messages

A large file (by .gitattributes, by 10 MiB, or as binary) is a 302 to the storage. A regular one of
a public repository is a 307 to /api/resolve-cache with the commit in it, which the client follows:
two HEADs and a GET; of a private or gated one, or an empty one, it is sent at once. A header alone
is no commit (400); one that changes nothing makes an empty commit, which the client avoids.

Xet
---
`serve(folder, xet=True)` is a Hub with Xet. hf_xet 1.8.0 takes the address of its store from the
answer to xet-write-token and xet-read-token, so that the real transfers work against a store on
this machine: a folder ("local:///path", with a database that one process at a time may open), or
http, which is what is served here. It grants and takes xorbs (/v1/xorb-grants, a signed PUT,
/v1/xorb-commits), reads shards (/v1/shards), unpacks every file, checks its SHA-256, and says what
files are made of (/v1/reconstructions). Files that a test commits come by Xet too. /v2/shards and
/v2/reconstructions are answered 501, on which hf_xet goes back to /v1. Hashes of chunks and xorbs
(BLAKE3) are not checked, and no chunk is offered for reuse. Without Xet the token routes answer
404, and a client that has hf_xet fails with a ConnectionError. It notices a byte flipped in the
header of a chunk and asks again, six times in all, after HF_XET_CLIENT_RETRY_BASE_DELAY and powers
of it in seconds; a byte flipped in the content it does not notice.

What is not as on the Hub
-------------------------
On http the client takes a 401 for "no such repository" only by X-Error-Code, which is sent
therefore. Text is not compressed on its way. Lists of licences and of .gitattributes are shorter;
metadata is judged by fewer rules. Trees are sorted by path, models by date. There are no pull
requests, no other types of repositories, no symbolic links and no rate limits (but see `Answer`).
What is not served is answered 501.
"""

from hub_server.client import ClientError, ClientProcess, client_environment
from hub_server.faults import (
    Answer,
    Delay,
    Drop,
    Fault,
    FlipByte,
    Hangup,
    LostAnswer,
    Redirect,
    Run,
    Truncate,
    WrongETag,
)
from hub_server.hub import Hub
from hub_server.server import serve

__all__ = [
    "Answer",
    "ClientError",
    "ClientProcess",
    "Delay",
    "Drop",
    "Fault",
    "FlipByte",
    "Hangup",
    "Hub",
    "LostAnswer",
    "Redirect",
    "Run",
    "Truncate",
    "WrongETag",
    "client_environment",
    "serve",
]
