import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { call } from '../../../src/sandbox/demo/http.ts';
import { type Cloud, type Invited, openStage, type Stage } from '../portal/stage.ts';
import { openBrowser } from './chromium.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

// A browser shares the machine with other tests.
jest.setTimeout(60_000);

let stage: Stage;
let browser: Browser;
beforeAll(async () => {
  stage = await openStage();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

const pages: Page[] = [];
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close();
  await stage.reset();
});

/** What the browser refused or the page's script threw: there must be nothing. */
const complaints: string[] = [];
async function open({ invitation }: Invited, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  pages.push(page);
  page.on('console', (message) => {
    // The browser logs the 400 response to a form as a failed resource.
    if (!message.text().includes('status of 400')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(invitation.url);
  return page;
}
afterEach(() => expect(complaints.splice(0)).toEqual([]));

const heading = (page: Page) => page.locator('#status-title');
const become = (page: Page, word: string) => page.waitForSelector(`#status-title:has-text("${word}")`);
/** Set before something happens, and gone if the page is loaded anew. */
const mark = (page: Page) => page.evaluate("document.title = 'the same document'");

describe.each<Cloud>(['aws', 'azure', 'gcp'])('a customer with %s', (cloud) => {
  test('applies the files, reports the ids, and sees Active', async () => {
    const invited = await stage.invite(cloud);
    const page = await open(invited);
    expect(await heading(page).textContent()).toContain('Waiting for you');
    for (const [name, value] of Object.entries(await stage.setUp(cloud, invited)))
      await page.fill(`#${name}`, value);
    await page.click('text=Report and check');
    await become(page, 'Active');
    expect(page.url()).toBe(invited.invitation.url);
    expect(await page.locator('#report').count()).toBe(0);
  });

  test('sees Active without a reload when the set-up reports, and entered values stay', async () => {
    const invited = await stage.invite(cloud);
    const page = await open(invited);
    await mark(page);
    const body = await stage.setUp(cloud, invited);
    await call({ method: 'POST', url: `${invited.invitation.url}/report`, body });
    await become(page, 'Active');
    expect(await page.title()).toBe('the same document');
    expect(await page.locator('#report').count()).toBe(0);
    expect(await page.locator('#control button:text-is("Create a control link")').count()).toBe(1);
  });
});

describe('the page', () => {
  test('pauses and resumes the access, refuses tokens at once, and updates other open pages', async () => {
    const invited = await stage.invite();
    const body = await stage.setUp('aws', invited);
    await call({ method: 'POST', url: `${invited.invitation.url}/report`, body });
    const [page, onlooker] = [await open(invited), await open(invited)];
    await mark(onlooker);
    expect((await stage.token(invited.connection)).status).toBe(200);
    await page.click('text=Pause access');
    await become(page, 'Paused');
    expect((await stage.token(invited.connection)).body.error).toBe('invalid_target');
    await become(onlooker, 'Paused');
    expect(await onlooker.title()).toBe('the same document');
    await onlooker.click('text=Resume access');
    await become(onlooker, 'Active');
    expect((await stage.token(invited.connection)).status).toBe(200);
    await become(page, 'Active');

    await page.click('button:text-is("Create a control link")');
    await page.waitForURL((url) => url.href !== invited.invitation.url);
    expect(await heading(page).textContent()).toContain('Active');
    expect(await page.locator('#control').textContent()).toContain(
      'Create the next control link before this one expires',
    );
  });

  test('copies the trust values, and keeps entered values when the status changes', async () => {
    const invited = await stage.invite();
    const page = await open(invited, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.click('[aria-label="Copy Subject"]');
    await page.waitForSelector('text=Copied');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(invited.connection.id);
    await page.fill('#role_arn', 'arn:aws:iam::11112222');
    await stage.server.admin.patch(`/connections/${invited.connection.id}`, {
      target: { role_arn: 'arn:aws:iam::111122223333:role/none' },
    });
    await stage.server.admin.post(`/connections/${invited.connection.id}/verify`);
    await become(page, 'Not working');
    expect(await page.inputValue('#role_arn')).toBe('arn:aws:iam::11112222');
  });

  test('works without a script and with the keyboard only, including the correction of an error', async () => {
    const invited = await stage.invite();
    const page = await open(invited, { javaScriptEnabled: false });
    expect(await page.locator('button.copy:visible').count()).toBe(0);
    const { role_arn = '' } = await stage.setUp('aws', invited);
    await page.focus('#role_arn');
    await page.keyboard.type('arn:aws:iam::*:role/x');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/report');
    await page.waitForSelector('text=Nothing was saved.');
    expect(await page.getAttribute('#role_arn', 'aria-invalid')).toBe('true');
    expect(await page.locator('#role_arn:focus').count()).toBe(1);
    await page.fill('#role_arn', role_arn);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await become(page, 'Active');
    await page.focus('text=Pause access');
    await page.keyboard.press('Enter');
    await become(page, 'Paused');
    await page.click('text=Resume access');
    await become(page, 'Active');
  });

  test('shows hostile names as text', async () => {
    const name = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
    const page = await open(await stage.invite('aws', { name }));
    expect(await page.locator('h1 + p strong').textContent()).toBe(name);
    expect(await page.locator('script').count()).toBe(1);
    expect(await page.locator('img').count()).toBe(0);
  });
});

/** Two of one name would close each other. */
const openAll = `for (const details of document.querySelectorAll('details')) {
  details.removeAttribute('name');
  details.open = true;
}`;

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

async function violations(page: Page): Promise<string[]> {
  // From outside, past the page's own policy, as a person's tool would.
  const session = await page.context().newCDPSession(page);
  const { readFileSync } = await import('node:fs');
  await session.send('Runtime.evaluate', { expression: readFileSync(axePath, 'utf8') });
  const { result } = (await session.send('Runtime.evaluate', {
    expression: 'axe.run(document).then(({ violations }) => violations)',
    awaitPromise: true,
    returnByValue: true,
  })) as { result: { value: Violation[] } };
  return result.value
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}

describe.each(['light', 'dark'] as const)('the page in %s mode', (colorScheme) => {
  test('has no serious axe finding in any state and fits the width of a phone', async () => {
    const invited = await stage.invite();
    const page = await open(invited, { colorScheme, viewport: { width: 320, height: 640 } });
    const fits = async () =>
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
    const check = async (state: string) => {
      await become(page, state);
      await page.evaluate(openAll);
      await fits();
      expect(await violations(page)).toEqual([]);
    };
    await check('Waiting for you');
    await page.fill('#role_arn', 'nothing');
    await page.click('text=Report and check');
    await page.waitForSelector('.fault');
    await check('Waiting for you');
    await page.fill('#role_arn', 'arn:aws:iam::111122223333:role/none');
    await page.click('text=Report and check');
    await check('Not working');
    await page.click('text=Pause access');
    await check('Paused');
    const works = await stage.invite('aws', { name: 'works' });
    await call({
      method: 'POST',
      url: `${works.invitation.url}/report`,
      body: await stage.setUp('aws', works),
    });
    await page.goto(works.invitation.url);
    await check('Active');
    await page.goto(`${invited.invitation.url}x`);
    await page.waitForSelector('text=This link is not valid');
    await fits();
    expect(await violations(page)).toEqual([]);
    complaints.length = 0;
  });
});
