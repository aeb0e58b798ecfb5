/** What the participant sees around the study: one page at a time, one sentence and one button. */
import { say } from './texts/index.ts'

export interface PageSpec {
  /** Names the state, for tests and style. */
  state: string
  title: string
  sentence: string
  tone?: 'calm' | 'good' | 'warn'
  button?: { label: string; act: () => void } | { label: string; href: string }
  quiet?: { label: string; act: () => void }
  /** Share that is done, 0 to 1; `busy` when nobody knows. */
  progress?: number | 'busy'
  note?: string
  more?: Node[]
}

type Child = Node | string
/** An element with attributes and children; text is always text. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value)
  element.append(...children)
  return element
}

/** A button of that label. */
export function button(label: string, act: () => void, className = ''): HTMLButtonElement {
  const button = el('button', { type: 'button', ...(className ? { class: className } : {}) }, label)
  button.addEventListener('click', act)
  return button
}

let heading = { title: '', organisation: '', preview: false }
/** Whose study this is, on every page from now on. */
export function belongsTo(study: typeof heading): void {
  heading = study
}

const app = (): HTMLElement => document.getElementById('app')!
let shown:
  | { state: string; title: HTMLElement; sentence: HTMLElement; note: HTMLElement; bar: HTMLProgressElement }
  | undefined

/**
 * Shows a page. The same state again changes words and numbers in place and leaves buttons and focus alone, so that a
 * page that counts down does not jump and is not read out from the start.
 */
export function show(page: PageSpec): void {
  if (shown?.state === page.state && !page.more) {
    update(page)
    return
  }
  const title = el('h1', { tabindex: '-1' })
  const sentence = el('p', { class: 'sentence' })
  const note = el('p', { class: 'note', 'aria-live': 'polite' })
  const bar = el('progress', { 'aria-labelledby': 'title', max: '1' })
  title.id = 'title'
  const actions = el('div', { class: 'actions' })
  if (page.button && 'href' in page.button)
    actions.append(el('a', { class: 'button', href: page.button.href, rel: 'noreferrer' }, page.button.label))
  else if (page.button) actions.append(button(page.button.label, page.button.act))
  if (page.quiet) actions.append(button(page.quiet.label, page.quiet.act, 'quiet'))
  const head = heading.title
    ? [
        el(
          'header',
          {},
          el('p', { class: 'study' }, heading.title),
          el('p', { class: 'organisation' }, heading.organisation),
          ...(heading.preview ? [el('p', { class: 'preview' }, say('preview'))] : []),
        ),
      ]
    : []
  shown = { state: page.state, title, sentence, note, bar }
  app().replaceChildren(
    ...head,
    el(
      'main',
      { class: `card ${page.tone ?? 'calm'}`, 'data-state': page.state },
      title,
      sentence,
      bar,
      note,
      ...(actions.childElementCount > 0 ? [actions] : []),
      ...(page.more ?? []),
    ),
    el('footer', {}, say('footer')),
  )
  app().hidden = false
  update(page)
  document.title = heading.title ? `${page.title} · ${heading.title}` : page.title
  title.focus({ preventScroll: true })
}

function update(page: PageSpec): void {
  const { title, sentence, note, bar } = shown!
  const put = (element: HTMLElement, text: string): void => {
    if (element.textContent !== text) element.textContent = text
  }
  put(title, page.title)
  put(sentence, page.sentence)
  put(note, page.note ?? '')
  note.hidden = !page.note
  bar.hidden = page.progress === undefined
  if (typeof page.progress === 'number') bar.value = page.progress
  else bar.removeAttribute('value')
}

/** Takes the page away: the study has the whole window. */
export function clear(title: string): void {
  shown = undefined
  app().hidden = true
  app().replaceChildren()
  document.title = title
}

/** A quiet line in a corner above the study; undefined takes it away. It never moves what the study shows. */
export function badge(text: string | undefined): void {
  let corner = document.getElementById('badge')
  if (!text) {
    corner?.remove()
    return
  }
  if (!corner) {
    corner = el('div', { id: 'badge', role: 'status' })
    document.body.append(corner)
  }
  if (corner.textContent !== text) corner.textContent = text
}

/** Offers bytes as a file. */
export function download(name: string, file: Blob): void {
  const url = URL.createObjectURL(file)
  el('a', { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** A button for a page, and what resolves when it is pressed. */
export function pressed(label: string): { button: { label: string; act: () => void }; click: Promise<void> } {
  let act: () => void = () => undefined
  const click = new Promise<void>((resolve) => {
    act = resolve
  })
  return { button: { label, act }, click }
}
