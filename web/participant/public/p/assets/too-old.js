// Browsers without modules run only this: the sentence that stands in the page is then the whole page.
document.documentElement.className = 'too-old'
