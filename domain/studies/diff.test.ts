import { describe, expect, it } from 'vitest'
import { contentHash } from './content-hash.ts'
import { diffAssets, diffConfigurations, diffSummary } from './diff.ts'

const trial = (stimulus: string, over: object = {}) => ({
  type: '@jspsych/plugin-html-keyboard-response',
  stimulus,
  ...over,
})

describe('a diff', () => {
  it('is one line for a trial put in between', () => {
    const before = { kind: 'timeline', timeline: [trial('a'), trial('b'), trial('c')] }
    const after = {
      kind: 'timeline',
      timeline: [trial('a'), trial('new'), trial('b'), trial('c', { trial_duration: 500 })],
    }
    expect(diffConfigurations(before, after)).toEqual([
      { path: 'Timeline › 2 html-keyboard-response', change: 'added', after: expect.stringContaining('new') },
      { path: 'Timeline › 4 html-keyboard-response › trial duration', change: 'added', after: '500' },
    ])
    expect(diffConfigurations(after, before).map((l) => l.change)).toEqual(['removed', 'removed'])
  })
  it('shows what was and what is', () => {
    expect(diffConfigurations({ language: 'en', a: 1 }, { language: 'de' })).toEqual([
      { path: 'Language', change: 'changed', before: 'en', after: 'de' },
      { path: 'A', change: 'removed', before: '1' },
    ])
    expect(diffConfigurations({ a: { b: [1, 2] } }, { a: { b: [1, 2] } })).toEqual([])
  })
  it('tells a moved file from a new one', () => {
    const file = (path: string, c: string) => ({ path, sha256: c.repeat(64), size: 2048, type: 'image/png' })
    expect(
      diffAssets([file('a', '1'), file('b', '2'), file('c', '3')], [file('a', '9'), file('d', '2'), file('e', '5')]),
    ).toEqual([
      { path: 'a', change: 'changed', before: '2.0 KB, 11111111', after: '2.0 KB, 99999999' },
      { path: 'c', change: 'removed', before: '2.0 KB' },
      { path: 'd', change: 'changed', before: 'named b', after: 'named d' },
      { path: 'e', change: 'added', after: '2.0 KB' },
    ])
  })
  it('is summed up in a sentence', () => {
    const line = (change: 'added' | 'removed' | 'changed') => ({ path: 'x', change })
    expect(diffSummary([], [])).toBe('Nothing changed.')
    expect(diffSummary([line('changed'), line('changed'), line('added')], [line('added')])).toBe(
      '2 settings changed and 1 added; 1 file added.',
    )
  })
})

describe('a content hash', () => {
  const files = [
    { path: 'b', sha256: '2', type: 'text/plain' },
    { path: 'a', sha256: '1', type: 'text/plain' },
  ]
  it('is exactly this, so that versions that were published keep theirs', async () =>
    expect(await contentHash({ kind: 'web', entry: 'a', language: undefined }, files)).toBe(
      'bc1671521680871db0b8b10969f069ed4aef7de3465c3b5fbac96eb606e782c1',
    ))
  it('does not depend on the order of members and files', async () => {
    expect(await contentHash({ a: 1, b: [1, 2] }, files)).toBe(
      await contentHash({ b: [1, 2], a: 1 }, files.toReversed()),
    )
  })
  it('depends on everything else', async () => {
    const hashes = await Promise.all([
      contentHash({ a: 1 }, files),
      contentHash({ a: 2 }, files),
      contentHash({ a: 1 }, files.slice(1)),
      contentHash({ a: 1 }, [
        { path: 'a', sha256: '2', type: 'text/plain' },
        { path: 'b', sha256: '1', type: 'text/plain' },
      ]),
      contentHash(
        { a: 1 },
        files.map((f) => ({ ...f, type: 'text/html' })),
      ),
    ])
    expect(new Set(hashes).size).toBe(5)
  })
})
