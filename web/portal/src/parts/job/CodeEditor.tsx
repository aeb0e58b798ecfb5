/**
 * The editor of questions: CodeMirror 6 with SQL, Python and R, and the dataset's tables and columns to complete; in a
 * chunk of its own.
 */
import { python } from '@codemirror/lang-python'
import { PostgreSQL, sql } from '@codemirror/lang-sql'
import {
  defaultHighlightStyle,
  HighlightStyle,
  StreamLanguage,
  syntaxHighlighting,
  type TagStyle,
} from '@codemirror/language'
import { r } from '@codemirror/legacy-modes/mode/r'
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { EditorState, type Extension, Prec } from '@codemirror/state'
import { EditorView, keymap } from '@codemirror/view'
import { basicSetup } from 'codemirror'
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react'
import type { Language } from '../../../../../domain/datasets/policy.ts'
import type { Schema } from '../../queries/datasets.ts'
import { completionOf, completionsOf } from './completion.ts'
import styles from './CodeEditor.module.css'

export interface CodeHandle {
  showLine: (line: number) => void
}
export interface LineNote {
  line: number
  level: 'error' | 'warning' | 'hint'
  message: string
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
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    backgroundColor: 'var(--mantine-primary-color-filled)',
    color: '#fff',
  },
  '.cm-panels': { backgroundColor: 'var(--quiet)', color: 'var(--mantine-color-text)' },
})
/** The stock style's colours are made for light backgrounds: each gets one with the same meaning for dark ones. */
const dark: Record<string, string> = {
  '#708': '#d3a4e8',
  '#219': '#8cc4d2',
  '#164': '#7fcf9f',
  '#a11': '#e8b27a',
  '#e40': '#f0a080',
  '#00f': '#9db8ff',
  '#30a': '#b9a8f0',
  '#085': '#7fd1ae',
  '#167': '#8fc7d6',
  '#256': '#9cc5cc',
  '#00c': '#a3b5ff',
  '#940': '#d9b27c',
  '#f00': '#ff9a91',
}
const light: Record<string, string> = { '#940': '#7a4a00', '#e40': '#b83400', '#085': '#00663f' }
const colours = syntaxHighlighting(
  HighlightStyle.define(
    defaultHighlightStyle.specs.map((spec): TagStyle => {
      const colour = spec['color'] as string | undefined
      return colour && dark[colour]
        ? { ...spec, color: `light-dark(${light[colour] ?? colour}, ${dark[colour]})` }
        : spec
    }),
  ),
)

function languageOf(language: Language, schema: Schema | undefined): Extension {
  if (language === 'r') return StreamLanguage.define(r)
  if (language !== 'sql') return python()
  return sql({
    dialect: PostgreSQL,
    upperCaseKeywords: true,
    schema: Object.fromEntries((schema?.tables ?? []).map((t) => [t.name, t.columns.map((c) => completionOf(c))])),
  })
}

/**
 * `notes` are marked beside their lines. Tab moves on, as everywhere on the page; Ctrl or Cmd with Enter is `submit`.
 */
export function CodeEditor({
  text,
  onChange,
  language,
  dataset = '',
  schema,
  notes = [],
  label,
  readOnly = false,
  submit,
  ref,
}: {
  text: string
  onChange?: (text: string) => void
  language: Language
  /** Its catalogue name, as paths have it. */
  dataset?: string
  schema?: Schema | undefined
  notes?: readonly LineNote[]
  label: string
  readOnly?: boolean
  submit?: () => void
  ref?: Ref<CodeHandle>
}) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const latest = useRef({ text, label, onChange, submit })
  useEffect(() => {
    latest.current = { text, label, onChange, submit }
  })
  useEffect(() => {
    const source = schema && completionsOf(language, dataset, schema)
    const created = new EditorView({
      parent: host.current!,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [
          Prec.highest(
            keymap.of([
              {
                key: 'Mod-Enter',
                run: () => {
                  if (!latest.current.submit) return false
                  latest.current.submit()
                  return true
                },
              },
            ]),
          ),
          basicSetup,
          languageOf(language, schema),
          Prec.highest(colours),
          lintGutter(),
          look,
          EditorView.lineWrapping,
          EditorState.tabSize.of(4),
          EditorState.readOnly.of(readOnly),
          readOnly || !schema ? [] : EditorState.languageData.of(() => [{ autocomplete: source }]),
          EditorView.contentAttributes.of({
            'aria-label': latest.current.label,
            tabindex: '0',
            ...(readOnly ? { 'aria-readonly': 'true' } : {}),
          }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange?.(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = created
    return () => created.destroy()
    // The editor owns its text from here on; another text comes in below, another language is another editor.
  }, [language, dataset, schema, readOnly])
  useEffect(() => {
    const shown = view.current
    if (shown && shown.state.doc.toString() !== text)
      shown.dispatch({ changes: { from: 0, to: shown.state.doc.length, insert: text } })
  }, [text])
  const marked = JSON.stringify(notes)
  useEffect(() => {
    const shown = view.current
    if (!shown) return
    const found = (JSON.parse(marked) as LineNote[])
      .filter((note) => note.line >= 1 && note.line <= shown.state.doc.lines)
      .map(({ line, level, message }): Diagnostic => {
        const { from, to } = shown.state.doc.line(line)
        return { from, to, severity: level === 'hint' ? 'info' : level, message }
      })
    shown.dispatch(setDiagnostics(shown.state, found))
  }, [marked, language, schema, text])
  useImperativeHandle(
    ref,
    () => ({
      showLine(line) {
        const shown = view.current
        if (!shown) return
        const { from } = shown.state.doc.line(Math.min(Math.max(1, line), shown.state.doc.lines))
        shown.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) })
        shown.focus()
      },
    }),
    [],
  )
  return <div ref={host} className={readOnly ? `${styles.code} ${styles.readonly}` : styles.code} />
}
