/**
 * The demo's data: volumes that other programs read, tables that fit their declaration and hold the effects that the
 * examples look for.
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import utif from 'utif2'
import { expect, it } from 'vitest'
import { readCsv } from '../../domain/datasets/csv.ts'
import { fileFaults, schemaFaults } from '../../domain/datasets/schema-rules.ts'
import { policyFaults } from '../../domain/datasets/policy-rules.ts'
import type { Column } from '../../domain/datasets/schema.ts'
import { clinicalTrial } from './clinical.ts'
import { demoDatasets } from './declared.ts'
import { maskPath } from './imaging.ts'
import { nifti } from './nifti.ts'
import { recording, tiffStack } from './recording.ts'

const datasets = await demoDatasets()
const python = ['/usr/bin/python3', 'python3'].find((p) => spawnSync(p, ['-c', 'import nibabel']).status === 0)

it('a volume is laid out as NIfTI-1 says', () => {
  const voxels = Float32Array.from({ length: 24 }, (_, i) => i / 4 - 1)
  const bytes = nifti({ shape: [2, 3, 4], spacing: [1, 2, 3], voxels, description: 'x'.repeat(200) })
  const at = new DataView(bytes.buffer)
  expect([
    at.getInt32(0, true),
    at.getInt16(40, true),
    at.getInt16(42, true),
    at.getInt16(44, true),
    at.getInt16(46, true),
    at.getInt16(70, true),
    at.getInt16(72, true),
    at.getFloat32(108, true),
  ]).toEqual([348, 3, 2, 3, 4, 16, 32, 352])
  expect(new TextDecoder().decode(bytes.subarray(344, 348))).toBe('n+1\0')
  expect(bytes[227]).toBe(0)
  expect(at.getFloat32(352 + 4 * 23, true)).toBe(4.75)
  expect(() => nifti({ shape: [2, 2, 2], spacing: [1, 1, 1], voxels, description: '' })).toThrow(RangeError)
})

it.runIf(python !== undefined)('nibabel reads the same voxels, the same space and the region’s effect', async () => {
  const { files } = datasets.find((d) => d.declared.name === 'imaging_data')!
  const folder = await mkdtemp(join(tmpdir(), 'cloister-nifti-'))
  try {
    const scans = Object.keys(files)
      .filter((p) => p.startsWith('images/'))
      .sort()
    expect(scans).toHaveLength(100)
    for (const path of [...scans, maskPath]) await writeFile(join(folder, path.split('/')[1]!), files[path]!)
    const program =
      'import sys, json, glob, nibabel\nm = nibabel.load(sys.argv[1] + "/putamen.nii.gz")\nmask = m.get_fdata() > 0\nnames = sorted(glob.glob(sys.argv[1] + "/scan-*.nii.gz"))\nimages = [nibabel.load(n) for n in names]\nprint(json.dumps({"n": int(mask.sum()), "shape": m.shape, "affine": m.affine.tolist(), "same": all((i.affine == m.affine).all() and i.get_data_dtype() == "float32" for i in images), "means": [float(i.get_fdata()[mask].mean()) for i in images], "sum": float(images[0].get_fdata().sum())}))'
    const ran = spawnSync(python!, ['-c', program, folder], { encoding: 'utf8' })
    expect(ran.status, ran.stderr).toBe(0)
    const seen = JSON.parse(ran.stdout) as {
      n: number
      shape: number[]
      affine: number[][]
      same: boolean
      means: number[]
      sum: number
    }
    expect(seen).toMatchObject({
      shape: [16, 16, 16],
      same: true,
      affine: [
        [4, 0, 0, -30],
        [0, 4, 0, -30],
        [0, 0, 4, -30],
        [0, 0, 0, 1],
      ],
    })
    const raw = gunzipSync(files[scans[0]!] as Uint8Array)
    const view = new DataView(raw.buffer, raw.byteOffset)
    let sum = 0
    for (let i = 352; i < raw.length; i += 4) sum += view.getFloat32(i, true)
    expect(seen.sum).toBeCloseTo(sum, 3)
    const diagnosis = [...readCsv(files['metadata.csv'] as string)].slice(1).map((r) => r.cells[3])
    const mean = (arm: string): number => {
      const some = seen.means.filter((_, i) => diagnosis[i] === arm)
      return some.reduce((s, v) => s + v, 0) / some.length
    }
    expect(mean('control') - mean('patient')).toBeGreaterThan(8)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('another program reads the recording: 120 frames of 64 × 64 pixels, in which some flash', () => {
  expect(() => tiffStack([new Uint16Array(3)], 2, 2)).toThrow(RangeError)
  const [small] = utif.decode(tiffStack([Uint16Array.of(1, 258, 3, 65535)], 2, 2).buffer)
  utif.decodeImage(tiffStack([Uint16Array.of(1, 258, 3, 65535)], 2, 2).buffer, small!)
  expect([small!.width, small!.height, [...small!.data]]).toEqual([2, 2, [1, 0, 2, 1, 3, 0, 255, 255]])
  const { buffer } = recording()
  const pages = utif.decode(buffer)
  expect([
    pages.length,
    ...(['t256', 't257', 't258'] as const).map((t) => (pages[119] as unknown as Record<string, number[]>)[t]![0]),
  ]).toEqual([120, 64, 64, 16])
  const most = new Float64Array(64 * 64)
  const sum = new Float64Array(64 * 64)
  for (const page of pages) {
    utif.decodeImage(buffer, page)
    const at = new DataView(page.data.buffer, page.data.byteOffset)
    for (let i = 0; i < most.length; i++) {
      const brightness = at.getUint16(2 * i, true)
      most[i] = Math.max(most[i]!, brightness)
      sum[i]! += brightness
    }
  }
  // Eight cells of some 30 pixels flash to far more than noise reaches; most of the field does not.
  const flashing = most.reduce((n, v, i) => n + (v > (sum[i]! / 120) * 1.5 ? 1 : 0), 0)
  expect(flashing).toBeGreaterThan(100)
  expect(flashing).toBeLessThan(700)
})

it('the example that ships is what the program makes', async () => {
  for (const [name, text] of Object.entries(clinicalTrial()))
    expect(
      await readFile(new URL(`../../examples/datasets/clinical_trial_data/${name}`, import.meta.url), 'utf8'),
    ).toBe(text)
})

const fits = (cell: string, column: Column): boolean => {
  if (cell === '') return column.nullable !== false
  if (column.type === 'category') return column.categories!.includes(cell)
  if (column.type === 'boolean') return cell === 'true' || cell === 'false'
  if (column.type === 'integer' || column.type === 'number')
    return (
      Number.isFinite(Number(cell)) &&
      (column.type === 'number' || Number.isInteger(Number(cell))) &&
      Number(cell) >= Number(column.minimum ?? -Infinity) &&
      Number(cell) <= Number(column.maximum ?? Infinity)
    )
  return column.type !== 'date' || (cell >= String(column.minimum) && cell <= String(column.maximum))
}

it.each(datasets.map((d) => [d.declared.name, d] as const))(
  '%s: the declaration has no fault and every value fits it',
  (_, { declared, files }) => {
    expect(schemaFaults(declared.schema)).toEqual([])
    expect(fileFaults(declared.schema, new Set(Object.keys(files)))).toEqual([])
    expect(policyFaults(declared.policy, '2026-01-01')).toEqual([])
    const subjects = new Set<string>()
    for (const table of declared.schema.tables) {
      const [head, ...rows] = [...readCsv(files[table.file] as string)].map((r) => r.cells)
      expect(head).toEqual(table.columns.map((c) => c.name))
      for (const row of rows)
        for (const [index, column] of table.columns.entries())
          expect(fits(row[index]!, column), `${table.name}.${column.name} ${row[index]}`).toBe(true)
      const of = rows.map((r) => r[0]!)
      expect(!table.oneRowPerSubject || new Set(of).size === of.length).toBe(true)
      for (const id of of) subjects.add(id)
      // Every declared category is large enough to be shown.
      for (const [index, column] of table.columns.entries())
        for (const name of column.categories ?? [])
          expect(
            new Set(rows.filter((r) => r[index] === name).map((r) => r[0])).size,
            `${column.name} ${name}`,
          ).toBeGreaterThanOrEqual(10)
    }
    expect(subjects.size).toBe(Number(declared.declaredSubjects))
  },
)
