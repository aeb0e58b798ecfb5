/**
 * A writer of NIfTI-1 single files (.nii, .nii.gz): little-endian, three dimensions, after the header of nifti1.h (Cox
 * et al. 2004).
 */
import { gzipSync } from 'node:zlib'

const headerBytes = 352
/** Data types that are written: code and bits a voxel of `datatype` and `bitpix`. */
const codes = { float32: [16, 32], uint8: [2, 8] } as const

export interface Volume {
  /** Voxels along x (fastest), y and z. */
  shape: readonly [number, number, number]
  /** Edge of a voxel in millimetres. */
  spacing: readonly [number, number, number]
  /** x + nx * (y + ny * z). */
  voxels: Float32Array | Uint8Array
  description: string
}

/**
 * The bytes of an uncompressed file. The first voxel lies so that the middle of the volume is at the origin of scanner
 * space (`sform`, aligned).
 */
export function nifti(volume: Volume): Uint8Array {
  const [nx, ny, nz] = volume.shape
  if (volume.voxels.length !== nx * ny * nz) throw new RangeError('A volume has as many voxels as its shape says')
  const [code, bits] = volume.voxels instanceof Float32Array ? codes.float32 : codes.uint8
  const out = new Uint8Array(headerBytes + (volume.voxels.length * bits) / 8)
  const at = new DataView(out.buffer)
  const int16 = (offset: number, ...values: number[]): void =>
    values.forEach((n, i) => at.setInt16(offset + 2 * i, n, true))
  const float = (offset: number, ...values: number[]): void =>
    values.forEach((n, i) => at.setFloat32(offset + 4 * i, n, true))
  const text = (offset: number, length: number, s: string): void =>
    out.set(new TextEncoder().encode(s).subarray(0, length - 1), offset)
  at.setInt32(0, 348, true) // sizeof_hdr
  int16(40, 3, nx, ny, nz, 1, 1, 1, 1) // dim
  int16(70, code, bits) // datatype, bitpix
  float(76, 1, ...volume.spacing, 0, 0, 0, 0) // pixdim; the first is qfac
  float(108, headerBytes, 1, 0) // vox_offset, scl_slope, scl_inter
  out[123] = 2 // xyzt_units: millimetres
  text(148, 80, volume.description)
  int16(252, 0, 2) // qform_code: none; sform_code: aligned
  volume.spacing.forEach((spacing, axis) => {
    const row = [0, 0, 0, (-spacing * (volume.shape[axis]! - 1)) / 2]
    row[axis] = spacing
    float(280 + 16 * axis, ...row)
  }) // srow_x, srow_y, srow_z
  text(344, 5, 'n+1') // magic
  if (volume.voxels instanceof Float32Array)
    volume.voxels.forEach((value, i) => at.setFloat32(headerBytes + 4 * i, value, true))
  else out.set(volume.voxels, headerBytes)
  return out
}

export const niftiGz = (v: Volume): Uint8Array => new Uint8Array(gzipSync(nifti(v), { level: 6 }))
