import fc from 'fast-check'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { AssetPath } from '../contracts/studies.ts'
import { packStudy, parseStudyJson, studyOfFiles, studyPaths, unpackStudy } from './study-file.ts'

const text = async (s: string) => s
const bytes = (s: string) => new TextEncoder().encode(s)

describe('a study in one file', () => {
  const path = fc
    .array(
      fc.stringMatching(/^[A-Za-z0-9 _.-]{1,12}$/).filter((s) => s !== '.' && s !== '..'),
      { minLength: 1, maxLength: 3 },
    )
    .map((p) => p.join('/'))
    .filter((p) => AssetPath.safeParse(p).success && p !== 'study.json' && studyPaths([p, 'study.json']).get(p) === p)
  const files = fc
    .uniqueArray(fc.record({ path, data: fc.uint8Array({ maxLength: 400 }) }), {
      selector: (f) => f.path,
      maxLength: 6,
    })
    .filter((all) => !all.some((a) => all.some((b) => b.path.startsWith(`${a.path}/`))))
  it('comes back as it went in', () =>
    fc.assert(
      fc.asyncProperty(
        fc.string(),
        fc.string(),
        fc.dictionary(
          fc.string().filter((k) => k !== '__proto__'),
          fc.jsonValue(),
        ),
        files,
        async (title, description, configuration, all) => {
          const back = await unpackStudy(packStudy({ title, description, configuration, files: all }))
          expect(back.title).toBe(title)
          expect(back.description).toBe(description)
          expect(JSON.stringify(back.configuration)).toBe(JSON.stringify(configuration))
          expect(back.files.map((f) => [f.path, [...f.data]])).toEqual(
            [...all].sort((a, b) => (a.path < b.path ? -1 : 1)).map((f) => [f.path, [...f.data]]),
          )
        },
      ),
      { numRuns: 40 },
    ))
  it.each(['__proto__', 'constructor', 'toString', 'a/__proto__', '__proto__/a'])(
    'keeps a file called %s',
    async (path) => {
      const study = { configuration: { kind: 'web', entry: 'index.html' }, files: [{ path, data: bytes('kept') }] }
      const packed = packStudy(study)
      expect((await unpackStudy(packed)).files).toEqual(study.files)
      expect((await unpackStudy(packStudy({ ...study, files: [] }))).files).toEqual([])
    },
  )
  it('says in words what is wrong with it', async () => {
    await expect(unpackStudy(bytes('not a zip'))).rejects.toThrow('not a zip file')
    await expect(unpackStudy(zipSync({ 'a.txt': bytes('a') }))).rejects.toThrow('no study.json')
    await expect(unpackStudy(zipSync({ 'study.json': bytes('{"a":') }))).rejects.toThrow('not JSON')
    await expect(unpackStudy(zipSync({ 'study.json': bytes('{}'), '../../etc/passwd': bytes('x') }))).rejects.toThrow(
      'cannot be used',
    )
  })
})

describe('a study in a folder', () => {
  it('may lie in one folder and loses what systems leave behind', async () => {
    const study = await studyOfFiles(
      ['my/study.json', 'my/img/a.png', 'my/.DS_Store', '__MACOSX/my/x', 'my/node_modules/q.js'].map((path) => ({
        path,
        data: '{"timeline":[]}',
      })),
      text,
    )
    expect(study.files.map((f) => f.path)).toEqual(['img/a.png'])
    expect(study.configuration).toEqual({ timeline: [] })
  })
  it('is a web study when it is only pages', async () => {
    const study = await studyOfFiles(
      [
        { path: 'index.html', data: '' },
        { path: 'a/b.js', data: '' },
      ],
      text,
    )
    expect(study.configuration).toEqual({ kind: 'web', entry: 'index.html' })
  })
  it('reads an envelope or a bare configuration', () => {
    expect(parseStudyJson('{"title":"T","configuration":{"a":1}}')).toEqual({
      title: 'T',
      description: undefined,
      configuration: { a: 1 },
    })
    expect(parseStudyJson('{"a":1}').configuration).toEqual({ a: 1 })
    expect(() => parseStudyJson('[]')).toThrow('object')
  })
})
