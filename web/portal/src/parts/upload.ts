import { type Send, UploadFailed } from '../../../../clients/publish.ts'

/** Sends to a signed link, reporting bytes as they go: `fetch` cannot tell. */
export const sendWithProgress: Send = (link, data, sent, signal) =>
  new Promise((done, fail) => {
    const request = new XMLHttpRequest()
    request.open(link.method, link.url)
    for (const [name, value] of Object.entries(link.headers))
      if (!/^(content-length|host)$/i.test(name)) request.setRequestHeader(name, value)
    request.upload.onprogress = (e) => sent(e.loaded)
    request.onload = () => (request.status < 300 ? done() : fail(new UploadFailed(request.status)))
    request.onerror = () => fail(new UploadFailed(0))
    request.onabort = () => fail(signal?.reason as Error)
    signal?.addEventListener('abort', () => request.abort(), { once: true })
    request.send(data as XMLHttpRequestBodyInit)
  })

/** Files and folders of a drop or a file chooser, with the path each has below what was chosen. */
export const pathOf = (file: File): string =>
  ((file as File & { path?: string }).path ?? (file.webkitRelativePath || file.name)).replace(/^\.?\//, '')
