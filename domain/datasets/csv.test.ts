import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { missingVolumes, proposeSchema } from './proposal.ts'
import { readCsv, writeCsv } from './csv.ts'

const cells = (text: string): string[][] => [...readCsv(text)].map((r) => r.cells)

describe('CSV', () => {
  it('reads what other programs write', () => {
    expect(cells('\ufeffa,b\r\n1,"x, y"\r\n\r\n2,"say ""so"""\n3,')).toEqual([
      ['a', 'b'],
      ['1', 'x, y'],
      ['2', 'say "so"'],
      ['3', ''],
    ])
    expect(cells('a,5" pipe\n')).toEqual([['a', '5" pipe']])
    expect(cells('a,"never closed\nb')).toEqual([['a', 'never closed\nb']])
    expect(cells('')).toEqual([])
  })
  it('counts lines where a cell holds line ends', () =>
    expect([...readCsv('a,b\n"x\ny",1\nz,2\n')].map((r) => r.line)).toEqual([1, 2, 4]))
  it('what is written is read back', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((count) =>
          fc.array(
            fc.array(
              fc.string().map((s) => s.replaceAll('\r', '')),
              { minLength: count, maxLength: count },
            ),
            { minLength: 1, maxLength: 6 },
          ),
        ),
        ([head, ...rows]) => {
          fc.pre(
            !head!.some((h) => h.startsWith('\ufeff')) && ![head!, ...rows].some((r) => r.length === 1 && r[0] === ''),
          )
          expect(cells(writeCsv(head!, rows))).toEqual([head!, ...rows])
        },
      ),
    ))
})

describe('a proposal', () => {
  const table = (name: string, file: string, path: string[]) => ({
    columns: [
      { name: 'id', examples: ['a'] },
      { name: 'path', examples: path },
    ],
    proposed: {
      name,
      file,
      columns: [
        { name: 'id', type: 'text' as const, role: 'subject' as const },
        { name: 'path', type: 'category' as const, categories: path },
      ],
      oneRowPerSubject: true,
    },
  })
  it('finds the folder of volumes that a table lists, and takes masks for masks', () => {
    const schema = proposeSchema(
      [table('paths', 'paths.csv', ['images/1.nii.gz', 'images/2.nii.gz'])],
      ['images/1.nii.gz', 'images/2.nii.gz', 'masks/roi.nii.gz', 'readme.txt'],
    )
    expect(schema.images).toEqual([
      { name: 'paths_volumes', kind: 'nifti', table: 'paths', path: 'path', masks: ['masks/roi.nii.gz'] },
    ])
    expect(schema.tables[0]!.columns[1]).toEqual({ name: 'path', type: 'text' })
  })
  it('gives tables of one name names of their own, and sees no volumes where there are none', () => {
    const schema = proposeSchema([table('data', 'a/data.csv', ['x']), table('data', 'b/data.csv', [])], [])
    expect(schema.tables.map((t) => t.name)).toEqual(['data', 'data_2'])
    expect(schema.images).toEqual([])
  })
  it('knows the lines that name a volume nobody uploaded', () =>
    expect(missingVolumes(readCsv('id,path\na,1.nii\nb,2.nii\nc,\n'), 'path', new Set(['1.nii']))).toEqual([
      { line: 3 },
    ]))
})
