"""What every worker needs, loaded once before its first page, in the process that workers are forked from."""

import gc
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is there: each core has a worker already

from justext.core import define_stoplist
from trafilatura.external import jt_stoplist_init

from pipelines.clean import clean_page
from pipelines.derive import derive
from pipelines.language import language_of
from search.entities.annotator import found, registry_of

__all__ = ["clean_page", "derive", "language_of"]

define_stoplist(jt_stoplist_init())  # 30 MB, the words of a hundred languages: once for all workers
language_of("Loads the tables that tell one language from another.")

SENTENCES = {
    "en": 'The spokesman Sherzod Asadov said on Monday that nothing had happened in Termez. "Calm," he told Reuters.',
    "ru": "Пресс-секретарь Шерзод Асадов заявил, что в Термезе всё спокойно. «Ничего не было», — сказал он.",
    "fa": "شیرزاد اسدوف سخنگوی رئیس‌جمهور گفت که در ترمذ هیچ رویدادی رخ نداده است.",
    "uz": "Prezident matbuot kotibi Sherzod Asadov Termizda hech narsa sodir boʻlmaganini aytdi.",
    "tr": "Sözcü Şerzod Asadov, Tirmiz'de hiçbir şey olmadığını söyledi.",
}
for language, sentence in SENTENCES.items():  # each list of names and verbs is read when it is first needed
    found("", sentence, language, None, registry_of())

# What is loaded by now stays: the workers' collections pass it over, and leave the memory it is in shared.
gc.collect()
gc.freeze()
