/**
 * The portal in a real browser on the whole platform: results, the audit chain, people, tokens, signing tools in, the
 * reference.
 */
import { readFile } from 'node:fs/promises'
import { unzipSync } from 'fflate'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibility, enter, openPortal, type Portal, signedIn } from './portal-support.ts'
import { tamper } from '../functions/kernel/testing/chain.ts'

let portal: Portal
let rosa: Page
let ada: Page
let complaints: string[]
let study = ''

const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name, exact: typeof name === 'string' })
const saved = async (page: Page, name: string): Promise<{ name: string; bytes: Buffer }> => {
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, name).click()])
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) }
}

beforeAll(async () => {
  portal = await openPortal(4661)
  ;({ page: rosa, complaints } = await signedIn(portal, 'rosa@demo.cloister'))
  ;({ page: ada } = await signedIn(portal, 'ada@demo.cloister'))
  await rosa.goto(`${portal.origin}/studies`)
  study = /std_[a-z2-7]+/.exec(
    (await rosa
      .getByRole('link', { name: /flanker/i })
      .first()
      .getAttribute('href'))!,
  )![0]
})
afterAll(async () => {
  await portal?.close()
})

describe('results', () => {
  it('are listed without content, filtered and searched, with all of it in the address', async () => {
    await rosa.goto(`${portal.origin}/studies/${study}/results`)
    const rows = rosa.getByRole('row').filter({ has: rosa.getByRole('link') })
    await rows.first().waitFor()
    const all = await rows.count()
    await rosa.getByRole('combobox', { name: 'Filter by state' }).click()
    await rosa.getByRole('option', { name: 'Completed' }).click()
    await rosa.waitForURL(/state=completed/)
    await rosa.waitForFunction((n) => document.querySelectorAll('tbody tr').length < n, all)
    expect(await rosa.getByRole('row').filter({ hasText: 'stale' }).count()).toBe(0)
    await rosa.getByRole('textbox', { name: 'Search runs' }).fill('no such run')
    await rosa.getByText('No run matches').waitFor()
    await button(rosa, 'Show all runs').click()
    await rows.nth(all - 1).waitFor()
    expect(await accessibility(rosa)).toEqual([])
  })

  it('open for a stated purpose, are looked at, and download as CSV, JSON and Psych-DS', async () => {
    await button(rosa, /^Open all completed/).click()
    const dialog = rosa.getByRole('dialog')
    const purpose = dialog.getByRole('textbox')
    await purpose.fill('too short')
    expect(await dialog.getByRole('button', { name: 'Open', exact: true }).isDisabled()).toBe(true)
    await purpose.fill('A walk through the portal')
    await dialog.getByRole('button', { name: 'Open', exact: true }).click()
    const opened = rosa.getByRole('region', { name: 'Opened results' })
    const [, runs, rows] = /(\d+) runs? opened, ([\d,]+) rows/.exec((await opened.getByText(/opened,/).textContent())!)!
    expect(Number(runs)).toBeGreaterThan(1)
    await opened.getByRole('heading', { name: 'Reaction times' }).waitFor()
    await opened.getByRole('heading', { name: 'Accuracy' }).waitFor()
    await opened.locator('svg [aria-label="rect"]').first().waitFor()
    expect(await accessibility(rosa)).toEqual([])

    const csv = await saved(rosa, 'CSV')
    expect(csv.name).toMatch(/flanker.*\.csv$/)
    const lines = csv.bytes.toString().trimEnd().split('\r\n')
    expect(lines).toHaveLength(1 + Number(rows!.replaceAll(',', '')))
    expect(lines[0]).toMatch(/^run_id,run_condition,run_version,part,seq,/)
    const json = JSON.parse((await saved(rosa, 'JSON')).bytes.toString())
    expect(json).toMatchObject({ purpose: 'A walk through the portal' })
    expect(json.runs).toHaveLength(Number(runs))
    expect(
      Object.keys(unzipSync(new Uint8Array((await saved(rosa, 'Psych-DS')).bytes))).filter((f) =>
        /^data\/study-\w+_run-\w+_data\.csv$/.test(f),
      ),
    ).toHaveLength(Number(runs))

    // In memory only: no storage of the browser holds a row, and a reload forgets everything.
    const kept = await rosa.evaluate(async () =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, (await indexedDB.databases()).map((d) => d.name)]),
    )
    for (const word of ['trial_type', 'run_condition', json.runs[0].runId]) expect(kept).not.toContain(word)
    await rosa.reload()
    await button(rosa, /^Open all/).waitFor()
    expect(await rosa.getByRole('region', { name: 'Opened results' }).count()).toBe(0)
  })

  it('of one run open on its own page, and the run can be withdrawn by its name', async () => {
    const link = rosa.getByRole('row').filter({ hasText: 'completed' }).first().getByRole('link')
    const name = (await link.textContent())!
    await link.click()
    await rosa.getByRole('heading', { level: 1, name: `Run ${name}` }).waitFor()
    await button(rosa, 'Open …').click()
    await rosa.getByRole('dialog').getByRole('textbox').fill('Looking at this run alone')
    await rosa.getByRole('dialog').getByRole('button', { name: 'Open', exact: true }).click()
    await rosa.getByText(/^1 run opened/).waitFor()
    await button(rosa, 'Withdraw …').click()
    const dialog = rosa.getByRole('dialog')
    expect(await dialog.getByRole('button', { name: 'Withdraw' }).isDisabled()).toBe(true)
    await dialog.getByRole('textbox', { name: /to be sure/ }).fill(name)
    await dialog.getByRole('button', { name: 'Withdraw' }).click()
    await rosa.getByText('Withdrawn; its key was destroyed').waitFor()
    await rosa.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await button(rosa, 'Open …').count()).toBe(0)
    expect(await accessibility(rosa)).toEqual([])
    await rosa.goto(`${portal.origin}/studies/${study}/history`)
    await rosa.getByText('Withdrew a run').first().waitFor()
    await rosa
      .getByText(/purpose: Looking at this run alone/)
      .first()
      .waitFor()
  })

  it('are not there for who may not see runs', async () => {
    const { page: anil, context } = await signedIn(portal, 'anil@demo.cloister')
    await anil.goto(`${portal.origin}/studies/${study}/results`)
    await anil.getByRole('tab', { name: 'Overview' }).waitFor()
    expect(await anil.getByRole('tab', { name: 'Results' }).count()).toBe(0)
    await anil.goto(`${portal.origin}/audit`)
    await anil.getByText('The audit chain is not for your role').waitFor()
    await context.close()
  })
})

describe('the audit chain', () => {
  it('is verified in the browser, and names the first event that was altered', async () => {
    await ada.goto(`${portal.origin}/audit`)
    await button(ada, 'Verify the chain').click()
    await ada.getByText(/The chain is whole: [\d,]+ events/).waitFor()
    await ada.getByText('A walk through the portal').first().waitFor()
    expect(await accessibility(ada)).toEqual([])
    const { table } = portal.host.deps
    const organisationId = await ada.evaluate(() =>
      Object.keys(localStorage)
        .find((k) => k.startsWith('cloister.audit-head.'))!
        .slice('cloister.audit-head.'.length),
    )
    const undo = await tamper(table, organisationId, 7, { at: '2020-01-01T00:00:00.000Z' })
    await button(ada, 'Verify the chain').click()
    await ada.getByText('The chain breaks at event 7').waitFor()
    expect(await accessibility(ada)).toEqual([])
    await undo()
  })
})

describe('people', () => {
  it('are invited by a link that is shown once, and join with it', async () => {
    await ada.goto(`${portal.origin}/settings/people`)
    await button(ada, 'Invite a person').click()
    const dialog = ada.getByRole('dialog')
    await dialog.getByRole('textbox', { name: /e-mail/ }).fill('sam@stranger.cloister')
    await dialog.getByRole('checkbox', { name: 'Checker' }).check()
    await dialog.getByRole('button', { name: 'Invite', exact: true }).click()
    const link = await ada.getByRole('textbox', { name: 'Invitation link' }).inputValue()
    expect(link).toMatch(/\/join#[A-Za-z0-9_-]{20,}$/)
    await button(ada, 'I have it').click()
    await dialog.waitFor({ state: 'hidden' })
    await ada.getByRole('cell', { name: 'sam@stranger.cloister' }).first().waitFor()
    expect(await accessibility(ada)).toEqual([])

    const context = await portal.browser.newContext()
    const sam = await context.newPage()
    await sam.goto(link)
    await button(sam, 'Sign in').click()
    await enter(sam, 'sam@stranger.cloister')
    await button(sam, 'Join').click()
    await sam
      .getByRole('button', { name: /Demo Lab/ })
      .first()
      .waitFor()
    await sam.goto(link)
    await button(sam, 'Join').waitFor()
    await context.close()

    await ada.reload()
    const row = ada.getByRole('row').filter({ hasText: 'sam@stranger.cloister' })
    await row.getByText('researcher, checker').waitFor()
    await row.getByRole('button', { name: /^Remove/ }).click()
    const removing = ada.getByRole('dialog')
    await removing.getByRole('textbox').fill((await removing.locator('b').textContent())!)
    await removing.getByRole('button', { name: 'Remove' }).click()
    await row.waitFor({ state: 'detached' })
  })

  it('cannot leave an organisation without an admin', async () => {
    await ada
      .getByRole('row')
      .filter({ hasText: 'ada@demo.cloister' })
      .getByRole('button', { name: /^Change roles/ })
      .click()
    await ada.getByRole('checkbox', { name: 'Admin' }).uncheck()
    await button(ada, 'Save').click()
    await ada.getByRole('alert').getByText('An organisation needs an admin').waitFor()
  })
})

describe('tokens', () => {
  it('are shown once, work, and are revoked', async () => {
    await rosa.goto(`${portal.origin}/settings/tokens`)
    await button(rosa, 'Make a token').first().click()
    const dialog = rosa.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Nightly figures')
    await dialog.getByRole('button', { name: 'Make it' }).click()
    const secret = await rosa.getByRole('textbox', { name: 'Token' }).inputValue()
    const ask = () => fetch(`${portal.origin}/api/me`, { headers: { authorization: `Bearer ${secret}` } })
    expect((await ask()).status).toBe(200)
    await button(rosa, 'I have it').click()
    expect(await rosa.content()).not.toContain(secret)
    await button(rosa, 'Revoke Nightly figures').click()
    await rosa.getByRole('dialog').getByRole('textbox').fill('Nightly figures')
    await rosa.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await rosa.getByText('No tokens yet').waitFor()
    expect((await ask()).status).toBe(401)
  })

  it('reach a tool that signs in, with no more than was approved', async () => {
    const post = async (path: string, body: unknown) =>
      (
        await fetch(`${portal.origin}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      ).json() as Promise<Record<string, string>>
    const asked = await post('/api/device', { name: 'cloister on a laptop', scopes: ['studies:read', 'runs:open'] })
    await rosa.goto(asked['verify']!)
    await rosa.getByText(asked['userCode']!).waitFor()
    expect(await accessibility(rosa)).toEqual([])
    await rosa.getByRole('checkbox', { name: /^Open results/ }).uncheck()
    await button(rosa, 'Approve').click()
    await rosa.getByText('Approved', { exact: true }).waitFor()
    const token = await post('/api/device/token', { userCode: asked['userCode'], deviceSecret: asked['deviceSecret'] })
    expect(token['scopes']).toEqual(['studies:read'])
    await rosa.getByText('cloister on a laptop is signed in').waitFor()
  })
})

describe('the reference', () => {
  it('is read without signing in, and a problem’s address leads to it', async () => {
    const context = await portal.browser.newContext()
    const page = await context.newPage()
    await page.goto(`${portal.origin}/docs/problems#login-too-old`)
    await page.getByRole('cell', { name: 'Sign in again to do this' }).waitFor()
    await page.getByRole('link', { name: 'All routes' }).click()
    await page.getByRole('textbox', { name: 'Search the reference' }).fill('opening')
    await page.getByText('/api/studies/{studyId}/opening').click()
    await page.getByText('-H "Authorization: Bearer $CLOISTER_TOKEN"').waitFor()
    expect(await accessibility(page)).toEqual([])
    expect((await (await page.request.get(`${portal.origin}/api/openapi.json`)).json()).openapi).toBe('3.1.0')
    await context.close()
  })
})

it('complained about nothing', () => expect(complaints).toEqual([]))
