"""Keeps every exchange as WARC records, finds them again and checks them. Knows nothing of Scrapy."""
