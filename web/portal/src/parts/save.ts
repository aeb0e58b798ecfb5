/** Hands what an address leads to to the browser's downloads. */
export function download(url: string, name: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
}

/** Hands text or bytes to the browser's downloads. */
export function save(name: string, type: string, content: string | Uint8Array): void {
  saveBlob(name, new Blob([content as BlobPart], { type }))
}

/** Browsers keep a large Blob on the disk: what is saved so may be of any length. */
export function saveBlob(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  download(url, name)
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
