import { CompletionContext } from '@codemirror/autocomplete'
import { PostgreSQL, sql } from '@codemirror/lang-sql'
import { EditorState } from '@codemirror/state'
import { describe, expect, it } from 'vitest'
import type { Language } from '../../../../../domain/datasets/policy.ts'
import type { Schema } from '../../queries/datasets.ts'
import { completionsOf } from './completion.ts'

const schema: Schema = {
  tables: [
    {
      name: 'subjects',
      file: 'subjects.csv',
      oneRowPerSubject: true,
      columns: [
        { name: 'subject_id', type: 'text', role: 'subject' },
        { name: 'age', type: 'integer', unit: 'years', meaning: 'Age at entry' },
        { name: 'arm', type: 'category', categories: ['placebo', 'treatment'] },
        { name: 'passport', type: 'text', role: 'identifier' },
      ],
    },
    {
      name: 'outcomes',
      file: 'outcomes.csv',
      oneRowPerSubject: false,
      columns: [
        { name: 'subject_id', type: 'text', role: 'subject' },
        { name: 'Motor score', type: 'number' },
        { name: 'group', type: 'integer' },
      ],
    },
  ],
  images: [{ name: 'scans', table: 'subjects', path: 'path', masks: ['masks/putamen.nii.gz'] }],
} as Schema

/** What is offered at the `|` of a text. */
async function offered(
  language: Language,
  text: string,
  explicit = false,
): Promise<{ labels: string[]; boosts: Map<string, number | undefined> } | null> {
  const at = text.indexOf('|')
  const state = EditorState.create({
    doc: text.replace('|', ''),
    extensions: language === 'sql' ? [sql({ dialect: PostgreSQL })] : [],
  })
  const result = await completionsOf(language, 'trial', schema)(new CompletionContext(state, at, explicit))
  return (
    result && {
      labels: result.options.map((o) => o.label),
      boosts: new Map(result.options.map((o) => [o.label, o.boost])),
    }
  )
}

describe('completion of questions', () => {
  it('offers columns by their bare names in SQL, quoted where they must be, those of named tables first', async () => {
    const found = await offered('sql', 'SELECT a| FROM subjects')
    expect(found?.labels).toEqual(['subject_id', 'age', 'arm', '"Motor score"', '"group"'])
    expect(found?.boosts.get('age')).toBeGreaterThan(found?.boosts.get('"Motor score"') ?? 0)
  })
  it('leaves what stands after a dot, and texts, to others', async () => {
    expect(await offered('sql', 'SELECT s.a| FROM subjects s')).toBeNull()
    expect(await offered('sql', "SELECT 'a|'")).toBeNull()
    expect(await offered('sql', 'SELECT |')).toBeNull()
  })
  it('offers columns, categories, files and environment inside the quotation marks of a script, never an identifier', async () => {
    const found = await offered('python', 'data["|"]')
    expect(found?.labels).toEqual(
      expect.arrayContaining([
        'age',
        'Motor score',
        'placebo',
        '/catalogs/trial/outcomes.csv',
        '/catalogs/trial/masks/putamen.nii.gz',
        'DATA_ROOT',
      ]),
    )
    expect(found?.labels).not.toContain('passport')
    expect(await offered('python', 'data["age"].me|an()')).toBeNull()
    expect(await offered('r', 'read.csv("/cat|")')).not.toBeNull()
  })
})
