/**
 * `imaging_data`: 100 invented scans of 16 x 16 x 16 voxels and the mask of one region. The region's intensity falls
 * with age, and further in patients.
 */
import { writeCsv } from '../../domain/datasets/csv.ts'
import { clamp, type Drawing, drawing, numbered, to } from './drawing.ts'
import { niftiGz, type Volume } from './nifti.ts'

const scans = 100
const n = 16
const shape = [n, n, n] as const
const spacing = [4, 4, 4] as const
export const maskPath = 'masks/putamen.nii.gz'
const middle = (n - 1) / 2

/** Calls back with each voxel's index and its distances from the middle, in voxels. */
function eachVoxel(visit: (i: number, x: number, y: number, z: number) => void): void {
  for (let z = 0, i = 0; z < n; z++)
    for (let y = 0; y < n; y++) for (let x = 0; x < n; x++, i++) visit(i, x - middle, y - middle, z - middle)
}
/** Two ellipsoids left and right of the middle. */
const inRegion = (x: number, y: number, z: number): boolean =>
  ((Math.abs(x) - 3.5) / 1.6) ** 2 + (y / 2.6) ** 2 + (z / 1.9) ** 2 <= 1
const inHead = (x: number, y: number, z: number): boolean => (x / 6.6) ** 2 + (y / 7.6) ** 2 + (z / 7) ** 2 <= 1

function mask(): Volume {
  const voxels = new Uint8Array(n ** 3)
  eachVoxel((i, x, y, z) => {
    voxels[i] = inRegion(x, y, z) ? 1 : 0
  })
  return { shape, spacing, voxels, description: 'Cloister demo: region mask' }
}

function scan(d: Drawing, level: number): Volume {
  const voxels = new Float32Array(n ** 3)
  // In steps of 1/16, so that a file packs well; a scanner's own numbers are whole as well.
  eachVoxel((i, x, y, z) => {
    voxels[i] = inHead(x, y, z)
      ? Math.max(0, Math.round(16 * (inRegion(x, y, z) ? level : 60 - 2 * Math.hypot(x, y, z)) + d.normal(0, 40)) / 16)
      : 0
  })
  return { shape, spacing, voxels, description: 'Cloister demo: invented scan' }
}

/** Files of the dataset by their path. The same on every machine, up to how gzip packs them. */
export function imaging(): Record<string, string | Uint8Array> {
  const d = drawing('imaging')
  const metadata: (string | number)[][] = []
  const paths: string[][] = []
  const files: Record<string, string | Uint8Array> = { [maskPath]: niftiGz(mask()) }
  for (let k = 1; k <= scans; k++) {
    const id = numbered('IMG-', k)
    const path = `images/${numbered('scan-', k)}.nii.gz`
    const age = Math.round(clamp(d.normal(62, 10), 35, 85))
    const diagnosis = d.happens(0.55) ? 'patient' : 'control'
    const scanner = d.one([
      ['A', 50],
      ['B', 30],
      ['C', 20],
    ])
    const level =
      96 - 0.35 * (age - 62) - (diagnosis === 'patient' ? 14 : 0) + (scanner === 'B' ? 2 : 0) + d.normal(0, 5)
    metadata.push([
      id,
      age,
      d.happens(0.5) ? 'female' : 'male',
      diagnosis,
      scanner,
      to(d.normal(diagnosis === 'patient' ? 24 : 27.5, 1.8), 0),
    ])
    paths.push([id, path])
    files[path] = niftiGz(scan(d, level))
  }
  files['metadata.csv'] = writeCsv(
    ['subject_id', 'age', 'sex', 'diagnosis', 'scanner', 'moca'],
    metadata.map((r) => [...r.slice(0, 5), clamp(Number(r[5]), 0, 30)]),
  )
  files['paths.csv'] = writeCsv(['subject_id', 'path'], paths)
  return files
}
