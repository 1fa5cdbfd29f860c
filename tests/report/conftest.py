"""A real Chromium for the report: found, or installed where that is possible."""

import os
import shutil
import subprocess

import pytest


def _available():
    found = shutil.which("chromium"), shutil.which("chromedriver")
    if not all(found) and shutil.which("apt-get") and os.geteuid() == 0:
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "chromium", "chromium-driver"],
        ):
            subprocess.run(command, check=False, capture_output=True)
        found = shutil.which("chromium"), shutil.which("chromedriver")
    return found


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium that keeps its console messages."""
    chromium, driver = _available()
    if not chromium or not driver:
        pytest.skip("there is no chromium and chromedriver here, and apt-get cannot install them")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1200,900",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield opened
    opened.quit()
