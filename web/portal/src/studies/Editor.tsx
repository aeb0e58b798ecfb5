/** The JSON editor: CodeMirror 6, in a chunk of its own. */
import { json, jsonParseLinter } from '@codemirror/lang-json'
import { syntaxTree } from '@codemirror/language'
import { linter, lintGutter, type Diagnostic } from '@codemirror/lint'
import { EditorState, RangeSetBuilder, StateEffect, type Text } from '@codemirror/state'
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view'
import { basicSetup } from 'codemirror'
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react'
import type { ConfigurationError } from '../../../../domain/studies/configuration-errors.ts'
import { rangeOf } from './pointers.ts'
import styles from './Editor.module.css'

export interface EditorHandle {
  show: (pointer: string) => void
}

const look = EditorView.theme({
  '&': {
    fontSize: '13px',
    height: '100%',
    backgroundColor: 'light-dark(#fff, #1b1c1e)',
    color: 'var(--mantine-color-text)',
  },
  '.cm-content': { fontFamily: 'var(--mantine-font-family-monospace)', caretColor: 'var(--mantine-color-text)' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-gutters': {
    backgroundColor: 'var(--quiet)',
    color: 'var(--mantine-color-dimmed)',
    borderRight: '1px solid var(--line)',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'light-dark(#f0f5f6aa, #26292caa)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'light-dark(#cfe3e8, #24505b) !important',
  },
  '.cm-tooltip': { backgroundColor: 'light-dark(#fff, #2a2c2f)', border: '1px solid var(--line)', maxWidth: '480px' },
  '.cm-panels': { backgroundColor: 'var(--quiet)', color: 'var(--mantine-color-text)' },
  '.json-PropertyName, .json-PropertyName *': { color: 'light-dark(#0b4a58, #8cc4d2)' },
  '.json-String, .json-String *': { color: 'light-dark(#7a3b00, #e8b27a)' },
  '.json-literal, .json-literal *': { color: 'light-dark(#5b2a86, #c9a6ee)' },
})

/** Colours by node, in both schemes; the stock style is made for light backgrounds. */
const mark = Object.fromEntries(
  ['PropertyName', 'String', 'literal'].map((n) => [n, Decoration.mark({ class: `json-${n}` })]),
)
const kinds: Record<string, string> = {
  PropertyName: 'PropertyName',
  String: 'String',
  Number: 'literal',
  True: 'literal',
  False: 'literal',
  Null: 'literal',
}
function colours(view: EditorView): DecorationSet {
  const found = new RangeSetBuilder<Decoration>()
  for (const { from, to } of view.visibleRanges)
    syntaxTree(view.state).iterate({
      from,
      to,
      enter: (node) => {
        const kind = mark[kinds[node.name] ?? '']
        if (kind && node.to > node.from) found.add(node.from, node.to, kind)
      },
    })
  return found.finish()
}
const coloured = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet
    constructor(view: EditorView) {
      this.decorations = colours(view)
    }
    update(change: ViewUpdate) {
      if (change.docChanged || change.viewportChanged || syntaxTree(change.startState) !== syntaxTree(change.state))
        this.decorations = colours(change.view)
    }
  },
  { decorations: (p) => p.decorations },
)

/** The study's rules found other errors than before. */
const errorsChanged = StateEffect.define<null>()
const syntax = jsonParseLinter()

/** `errors` are shown beside their fields. Tab moves on, as everywhere on the page. */
export function Editor({
  text,
  onChange,
  errors,
  label,
  ref,
}: {
  text: string
  onChange: (text: string) => void
  errors: readonly ConfigurationError[]
  label: string
  ref?: Ref<EditorHandle>
}) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const latest = useRef({ text, label, onChange })
  const found = useRef(errors)
  useEffect(() => {
    latest.current = { text, label, onChange }
  })
  useEffect(() => {
    const created = new EditorView({
      parent: host.current!,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [
          basicSetup,
          json(),
          // One source for both kinds of error: a second one would wipe out what the first has marked.
          linter(
            (shown): Diagnostic[] => [
              ...syntax(shown),
              ...found.current.map((error) => ({
                ...place(shown.state, error.path),
                severity: 'error' as const,
                message: `${error.message}${error.expected ? `. Allowed: ${error.expected}` : ''}`,
              })),
            ],
            { delay: 300, needsRefresh: (u) => u.transactions.some((t) => t.effects.some((e) => e.is(errorsChanged))) },
          ),
          lintGutter(),
          look,
          EditorView.lineWrapping,
          EditorState.tabSize.of(2),
          coloured,
          EditorView.contentAttributes.of({ 'aria-label': latest.current.label, tabindex: '0' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = created
    return () => created.destroy()
    // The editor owns its text from here on; another text comes in below.
  }, [])
  useEffect(() => {
    const editor = view.current
    if (editor && editor.state.doc.toString() !== text)
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } })
  }, [text])
  useEffect(() => {
    found.current = errors
    view.current?.dispatch({ effects: errorsChanged.of(null) })
  }, [errors])
  useImperativeHandle(
    ref,
    () => ({
      show(pointer) {
        const editor = view.current
        if (!editor) return
        const { from } = place(editor.state, pointer)
        editor.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) })
        editor.focus()
      },
    }),
    [],
  )
  return <div ref={host} className={styles.editor} />
}

function place(state: EditorState, pointer: string): { from: number; to: number } {
  const doc: Text = state.doc
  const range = rangeOf(syntaxTree(state), (from, to) => doc.sliceString(from, to), pointer)
  return {
    from: Math.min(range.from, doc.length),
    to: Math.min(range.to, doc.lineAt(Math.min(range.from, doc.length)).to),
  }
}
