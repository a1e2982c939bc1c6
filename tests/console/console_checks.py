"""What every page must be: no wider than the screen, legible, in parts that assistive technology knows."""

from __future__ import annotations

from console_stage import Visitor

CONTRAST = """() => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const brush = canvas.getContext('2d', {willReadFrequently: true});
    const over = (colour, below) => {
        brush.fillStyle = `rgb(${below.join(' ')})`;
        brush.fillRect(0, 0, 1, 1);
        brush.fillStyle = colour;
        brush.fillRect(0, 0, 1, 1);
        return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const ground = node => {
        const below = node.parentElement ? ground(node.parentElement) : [255, 255, 255];
        return over(getComputedStyle(node).backgroundColor, below);
    };
    const light = colour => colour.map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
    const poor = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let looked = 0;
    while (texts.nextNode()) {
        const node = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !node.checkVisibility() || node.closest('option')) continue;
        looked += 1;
        const back = ground(node);
        const [one, two] = [light(over(getComputedStyle(node).color, back)), light(back)];
        const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
        if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${texts.currentNode.data.trim().slice(0, 40)}`);
    }
    return looked ? poor : ['nothing was looked at'];
}"""
"""WCAG 2.2, success criterion 1.4.3, for every visible text."""

NAMELESS = """() => [...document.querySelectorAll('input, textarea, select, button, a, video, progress')]
    .filter(node => node.type != 'hidden' && !node.labels?.length && !node.getAttribute('aria-label')
        && !node.textContent.trim() && !node.closest('[aria-hidden=true]') && node.ariaHidden != 'true')
    .map(node => node.outerHTML)"""

TWICE = """() => { const ids = [...document.querySelectorAll('[id]')].map(node => node.id);
    return ids.filter((id, at) => ids.indexOf(id) !== at); }"""


async def fits_and_can_be_read(visitor: Visitor, path: str) -> None:
    """The page scrolls down only, and every word stands out from its ground."""
    await visitor.goes(path)
    await visitor.page.evaluate("document.querySelectorAll('details').forEach(node => { node.open = true; })")
    wide = await visitor.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{path} is {wide} pixels wider than the screen"
    assert await visitor.page.evaluate(CONTRAST) == [], path


async def is_in_parts(visitor: Visitor, path: str) -> None:
    """The page that is shown has one main part, one first heading, and a name for whatever takes input."""
    assert await visitor.page.locator("main").count() == 1
    assert await visitor.page.locator("h1").count() == 1
    assert await visitor.page.evaluate(NAMELESS) == [], path
    assert await visitor.page.evaluate(TWICE) == [], path
