"""Scrapy's settings. Read downwards: nothing is derived from a page that is not already kept."""

from importlib.util import find_spec

from scrapy.settings import default_settings

from newswarc import __version__

BOT_NAME = "newswarc"
SPIDER_LOADER_CLASS = "crawler.spiders.OutletLoader"
SPIDER_MODULES = ["crawler.spiders"]
USER_AGENT = f"newswarc/{__version__} (archiving news monitor)"

DOWNLOAD_HANDLERS = {  # archives, then answers; every other scheme is refused
    "http": "crawler.capture.CaptureHandler",
    "https": "crawler.capture.CaptureHandler",
    "file": None,
    "data": None,
    "ftp": None,
    "s3": None,
}
ITEM_PIPELINES = {"pipelines.scrapy.DerivePipeline": 300}  # sees only record pointers: clean, annotate, index

# Politeness. A source may ask for another delay; robots.txt may ask for a longer one.
ROBOTSTXT_OBEY = True
CONCURRENT_REQUESTS = 32
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 1.0
DOWNLOAD_DELAY_JITTER = 0.5

# Limits of one fetch.
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024
DOWNLOAD_WARNSIZE = 2 * 1024 * 1024
DOWNLOAD_VERIFY_CERTIFICATES = True
REDIRECT_MAX_TIMES = 10
RETRY_TIMES = 1
RETRY_HTTP_CODES = [500, 502, 503, 504, 522, 524, 408]
RETRY_EXCEPTIONS = [  # those of the handlers above; Scrapy's own list loads its handlers too
    "scrapy.exceptions.CannotResolveHostError",
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.DownloadTimeoutError",
    "scrapy.exceptions.ResponseDataLossError",
    OSError,
]

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.robots.ArchivedRobots": 100,
    # Workers read the page from the archive; the crawl has no use for the decoded body.
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
}
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br",
}
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,  # a 404 is news too
    # No link of a page is followed but a listing's, and those have bounds of their own. Each answer asks the ledger for
    # more, so that after a thousand articles a limit of depth would drop the rest without a word.
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
}

# Nothing that listens, nothing that phones out, nothing that runs code.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
LISTENING = ("scrapy.extensions.remote_control.RemoteControl", "scrapy.extensions.telnet.TelnetConsole")
EXTENSIONS_BASE = {  # not even loaded, which would take a tenth of a crawl's start
    name: order for name, order in default_settings.EXTENSIONS_BASE.items() if name not in LISTENING
}
COOKIES_ENABLED = False
METAREFRESH_ENABLED = False
REFERRER_POLICY = "no-referrer"

# Scrapy makes that many tasks for every response; measured in docs/choices.md.
CONCURRENT_ITEMS = 4
ASYNCIO_EVENT_LOOP = "uvloop.Loop" if find_spec("uvloop") else None
LOG_LEVEL = "WARNING"

NEWSWARC_DATA = "data"
"""The data folder: archive, ledger, index."""
NEWSWARC_SOURCES = None
"""A folder of sources in place of the shipped ones."""
NEWSWARC_LIMIT = 0
"""At most so many articles of a source in one round; 0: as many as are listed."""
NEWSWARC_RECHECK = False
"""Fetch again whatever was fetched before, due or not."""
NEWSWARC_WORKERS = 0
"""Worker processes for cleaning; 0: one for each core."""
NEWSWARC_INDEX = None
"""Engine of the index; None: the embedded one in the data folder."""
