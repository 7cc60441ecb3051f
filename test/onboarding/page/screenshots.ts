/** Takes the pictures of docs/customer-page.md anew (npm run screenshots). */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { openStage } from '../portal/stage.ts';
import { openBrowser } from './chromium.ts';

const folder = join(import.meta.dirname, '../../../docs/images');
mkdirSync(folder, { recursive: true });
const stage = await openStage();
const browser = await openBrowser();

/** What fits on the screen, or one part of the page whole. */
async function take(name: string, url: string, options: BrowserContextOptions, part?: string): Promise<void> {
  const page = await browser.newPage(options);
  await page.goto(url);
  await page.waitForSelector('.script-only:visible');
  const shot = { path: join(folder, `${name}.png`) };
  await (part === undefined ? page.screenshot(shot) : page.locator(part).screenshot(shot));
  await page.close();
}

const desktop = { viewport: { width: 900, height: 1080 }, colorScheme: 'light' } as const;
const phone = { viewport: { width: 360, height: 860 }, colorScheme: 'dark' } as const;
try {
  const invited = await stage.invite('aws', { name: 'acme-prod' });
  const { url } = invited.invitation;
  await take('customer-page-waiting', url, desktop);
  await take('customer-page-waiting-phone', url, phone);
  await take('customer-page-methods', url, desktop, 'section:has(#methods)');
  const body = new URLSearchParams(await stage.setUp('aws', invited));
  await fetch(`${url}/report`, { method: 'POST', body });
  await stage.token(invited.connection);
  await take('customer-page-active', url, desktop);
  await fetch(`${url}/pause`, { method: 'POST' });
  await take('customer-page-paused-phone', url, phone);
} finally {
  await browser.close();
  await stage.close();
}
