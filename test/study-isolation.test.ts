/** A hostile study in real Chromium: it reaches neither the page around it, nor the API, nor anybody else. */
import { createServer, type Server } from 'node:http'
import { rm } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../clients/api.ts'
import { sha256Hex } from '../domain/hash.ts'
import { demoPassword } from '../local/demo/seed.ts'
import { type Host, startHost } from '../local/host.ts'
import { freePort, Visitor } from '../local/testing.ts'
import { launchBrowser } from '../tools/browser.ts'
import { demoHome } from './demo-home.ts'

let home: string
let host: Host
let browser: Browser
let elsewhere: Server
const heard: string[] = []
let elsewhereOrigin: string
beforeAll(async () => {
  home = await demoHome('cloister-isolation-')
  host = await startHost({ port: await freePort(), home, quiet: true })
  const port = await freePort()
  elsewhereOrigin = `http://127.0.0.1:${port}`
  elsewhere = createServer((q, r) => {
    heard.push(`${q.method} ${q.url}`)
    r.setHeader('access-control-allow-origin', '*').end('heard')
  })
  elsewhere.on('upgrade', (q, s) => {
    heard.push(`socket ${q.url}`)
    s.destroy()
  })
  await new Promise<void>((resolve) => {
    elsewhere.listen(port, '127.0.0.1', resolve)
  })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  elsewhere?.close()
  await host?.close()
  if (home) await rm(home, { recursive: true, force: true })
})

/** Each attempt answers what it got; what throws or waits is refused. */
const script = (other: string, main: string): string => `
const found = {}
const attempt = async (name, act) => { try { const v = await Promise.race([act(), new Promise((_, no) => setTimeout(no, 1500))]); if (v) found[name] = String(v) } catch {} }
const add = (tag, members) => document.body.append(Object.assign(document.createElement(tag), members))
const opened = (o) => new Promise((yes, no) => { o.onopen = o.onload = o.onsuccess = () => yes('open'); o.onerror = no })
;(async () => {
  await cloister.start()
  await attempt('page', () => parent.document.title)
  await attempt('address', () => parent.location.href)
  await attempt('top', () => { top.location = '${other}/top'; return 'set' })
  await attempt('popup', () => open('${other}/popup'))
  await attempt('cookie', () => document.cookie + '.')
  await attempt('database', () => opened(indexedDB.open('cloister-participant')))
  await attempt('worker', () => navigator.serviceWorker.register('a.js'))
  await attempt('api', () => fetch('${main}/api/me', { credentials: 'include' }))
  await attempt('public api', () => fetch('${main}/api/sign-in'))
  await attempt('fetch', () => fetch('${other}/fetch'))
  await attempt('socket', () => opened(new WebSocket('${other.replace('http', 'ws')}/socket')))
  await attempt('events', () => opened(new EventSource('${other}/events')))
  await attempt('image', () => opened(Object.assign(new Image(), { src: '${other}/image' })))
  navigator.sendBeacon('${other}/beacon', 'x')
  add('style', { textContent: '@import url(${other}/css); body { background: url(${other}/background) }' })
  for (const rel of ['prefetch', 'preload', 'prerender', 'modulepreload', 'stylesheet', 'icon', 'manifest']) add('link', { rel, as: 'script', href: '${other}/' + rel })
  for (const src of ['${other}/frame', '${main}/', 'data:text/html,<img src=${other}/data>']) add('iframe', { src })
  add('iframe', { srcdoc: '<img src=${other}/srcdoc><script>fetch("${other}/srcdoc-script")<\\/script>' })
  add('object', { data: '${other}/object' })
  for (const target of ['_blank', '_top']) { add('form', { action: '${other}/form', method: 'post', target }); document.body.lastChild.submit() }
  for (const m of [null, 1, 'x', { cloister: 1 }, { cloister: 1, begin: {} }, { cloister: 1, hello: 1 }]) parent.postMessage(m, '*')
  await new Promise((r) => setTimeout(r, 1000))
  document.body.dataset.found = JSON.stringify({ origin: self.origin, found })
})()`

test('a hostile study is alone', async () => {
  const { access_token: token } = await new Visitor(host.mainOrigin).signIn('rosa@demo.cloister', demoPassword)
  const api = createClient({ baseUrl: host.mainOrigin, token: () => token })
  const { organisationId } = (await api.access.me()).memberships[0]!
  const { studyId } = await api.studies.create({
    params: { organisationId },
    body: { title: '<img src=x onerror="document.title = 1">', requestId: crypto.randomUUID() },
  })
  const files = [
    ['index.html', '<!doctype html><body><script src="cloister.js"></script><script src="a.js"></script>', 'text/html'],
    ['a.js', script(elsewhereOrigin, host.mainOrigin), 'text/javascript'],
  ] as const
  const assets = await Promise.all(
    files.map(async ([path, text, type]) => ({
      path,
      sha256: await sha256Hex(text),
      size: Buffer.byteLength(text),
      type,
    })),
  )
  for (const [i, { upload }] of (await api.studies.uploads({ params: { studyId }, body: { assets } })).assets.entries())
    if (upload) await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: files[i]![1] })
  await api.studies.publish({
    params: { studyId },
    body: { configuration: { kind: 'web', entry: 'index.html' }, assets },
  })
  const link = await api.studies.createLink({ params: { studyId }, body: { kind: 'preview' } })

  const page = await browser.newPage()
  const popups: string[] = []
  page.on('popup', (p) => {
    popups.push(p.url())
  })
  await page.goto(link.url)
  await page.getByRole('button', { name: 'Start' }).click()
  const body = page.frameLocator('#frame').locator('body[data-found]')
  await body.waitFor({ state: 'attached', timeout: 60_000 })
  expect(JSON.parse((await body.getAttribute('data-found'))!)).toEqual({ origin: 'null', found: {} })
  expect(heard).toEqual([])
  expect(popups).toEqual([])
  expect(page.url()).toBe(link.url)
  expect(await page.locator('img').count()).toBe(0)
}, 120_000)
