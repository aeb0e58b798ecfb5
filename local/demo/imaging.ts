/**
 * `imaging_data`: 100 invented scans of 16 x 16 x 16 voxels and the mask of one region. The region's intensity falls
 * with age, and further in patients.
 */
import { writeCsv } from '../../domain/datasets/csv.ts'
import { clamp, type Drawing, drawing, numbered, to } from './drawing.ts'
import { niftiGz, type Volume } from './nifti.ts'

const scans = 100
const side = 16
const shape = [side, side, side] as const
const spacing = [4, 4, 4] as const
export const maskPath = 'masks/putamen.nii.gz'
const middle = (side - 1) / 2

/** Calls back with each voxel's index and its distances from the middle, in voxels. */
function eachVoxel(visit: (i: number, x: number, y: number, z: number) => void): void {
  for (let depth = 0, i = 0; depth < side; depth++)
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++, i++) visit(i, column - middle, row - middle, depth - middle)
}
/** Two ellipsoids left and right of the middle. */
const inRegion = (x: number, y: number, z: number): boolean =>
  ((Math.abs(x) - 3.5) / 1.6) ** 2 + (y / 2.6) ** 2 + (z / 1.9) ** 2 <= 1
const inHead = (x: number, y: number, z: number): boolean => (x / 6.6) ** 2 + (y / 7.6) ** 2 + (z / 7) ** 2 <= 1

function mask(): Volume {
  const voxels = new Uint8Array(side ** 3)
  eachVoxel((voxel, dx, dy, dz) => {
    voxels[voxel] = inRegion(dx, dy, dz) ? 1 : 0
  })
  return { shape, spacing, voxels, description: 'Cloister demo: region mask' }
}

function scan(draw: Drawing, level: number): Volume {
  const voxels = new Float32Array(side ** 3)
  // In steps of 1/16, so that a file packs well; a scanner's own numbers are whole as well.
  eachVoxel((voxel, dx, dy, dz) => {
    voxels[voxel] = inHead(dx, dy, dz)
      ? Math.max(
          0,
          Math.round(16 * (inRegion(dx, dy, dz) ? level : 60 - 2 * Math.hypot(dx, dy, dz)) + draw.normal(0, 40)) / 16,
        )
      : 0
  })
  return { shape, spacing, voxels, description: 'Cloister demo: invented scan' }
}

/** Files of the dataset by their path. The same on every machine, up to how gzip packs them. */
export function imaging(): Record<string, string | Uint8Array> {
  const draw = drawing('imaging')
  const metadata: (string | number)[][] = []
  const paths: string[][] = []
  const files: Record<string, string | Uint8Array> = { [maskPath]: niftiGz(mask()) }
  for (let scanNumber = 1; scanNumber <= scans; scanNumber++) {
    const id = numbered('IMG-', scanNumber)
    const path = `images/${numbered('scan-', scanNumber)}.nii.gz`
    const age = Math.round(clamp(draw.normal(62, 10), 35, 85))
    const diagnosis = draw.happens(0.55) ? 'patient' : 'control'
    const scanner = draw.one([
      ['A', 50],
      ['B', 30],
      ['C', 20],
    ])
    const level =
      96 - 0.35 * (age - 62) - (diagnosis === 'patient' ? 14 : 0) + (scanner === 'B' ? 2 : 0) + draw.normal(0, 5)
    metadata.push([
      id,
      age,
      draw.happens(0.5) ? 'female' : 'male',
      diagnosis,
      scanner,
      to(draw.normal(diagnosis === 'patient' ? 24 : 27.5, 1.8), 0),
    ])
    paths.push([id, path])
    files[path] = niftiGz(scan(draw, level))
  }
  files['metadata.csv'] = writeCsv(
    ['subject_id', 'age', 'sex', 'diagnosis', 'scanner', 'moca'],
    metadata.map((r) => [...r.slice(0, 5), clamp(Number(r[5]), 0, 30)]),
  )
  files['paths.csv'] = writeCsv(['subject_id', 'path'], paths)
  return files
}
