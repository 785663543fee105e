import type { BrowserContext, Locator, Page } from 'playwright-core';

/** The demo's page as a person uses it: by what it says, not by how it is made. */
export class DevicesPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens it in a new tab of a browser profile. */
  static async open(profile: BrowserContext, url: string): Promise<DevicesPage> {
    const devices = new DevicesPage(await profile.newPage());
    await devices.page.goto(url);
    await devices.#shown();
    return devices;
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.#shown();
  }

  /** Looks at it again after having been elsewhere. */
  async comeBack(): Promise<void> {
    const count = (await this.receipts()).length;
    await this.page.evaluate(`dispatchEvent(new Event('focus'))`);
    await this.page.getByRole('article').nth(count).waitFor();
    await this.#shown();
  }

  async signIn(name: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Name' }).fill(name);
    await this.#press('Sign in');
    await this.said(`You are signed in as ${name}.`);
    await this.#shown();
  }

  /** What a thief with a copy of the cookie is told. */
  async playThief(said: string): Promise<void> {
    await this.#press('Play the thief');
    await this.said(said);
  }

  async renewSecret(): Promise<void> {
    await this.#press('New secret');
    await this.said(/^The cookie has a new secret/);
  }

  async logOut(): Promise<void> {
    await this.#press('Log out');
    await this.said('You are logged out on this device.');
  }

  async logOutEverywhere(): Promise<void> {
    await this.#press('Log out everywhere');
    await this.said('You are logged out everywhere.');
  }

  /** Ends the one other session in the list. */
  async revokeOther(): Promise<void> {
    await this.#devices.getByRole('button', { name: /^Revoke/ }).click();
    await this.said('The device is logged out.');
    await this.#shown();
  }

  /** Sends it off; {@link said} tells when it is done. */
  async addToCart(article: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Article' }).fill(article);
    await this.#press('Add');
  }

  /** Sends it off; {@link said} tells when it is done. */
  async chooseDarkTheme(): Promise<void> {
    await this.page.getByRole('radio', { name: 'Dark' }).click();
  }

  /** Waits until the page says so. */
  async said(text: string | RegExp): Promise<void> {
    await this.page.getByRole('status').filter({ hasText: text }).waitFor();
  }

  /** The name it shows; `undefined` if it offers to sign in. */
  async signedInAs(): Promise<string | undefined> {
    return (await this.#signIn.isVisible()) ? undefined : ((await this.#name.textContent()) ?? undefined);
  }

  async cart(): Promise<string[]> {
    const items = this.page.getByRole('region', { name: 'What the session holds' }).getByRole('listitem');
    return (await items.allTextContents()).map((text) => text.replace(/Remove\s*$/, '').trim());
  }

  async isDark(): Promise<boolean> {
    return this.page.getByRole('radio', { name: 'Dark' }).isChecked();
  }

  /** What it shows under a heading of what the session holds: each name with its value. */
  async held(heading: 'What your session reads' | 'What the table holds'): Promise<Record<string, string>> {
    const [names, values] = await Promise.all(
      (['term', 'definition'] as const).map((role) =>
        this.page
          .getByRole('heading', { name: heading })
          .locator('xpath=following-sibling::dl[1]')
          .getByRole(role)
          .allInnerTexts(),
      ),
    );
    return Object.fromEntries((names ?? []).map((name, at) => [name, values?.[at] ?? '']));
  }

  /** What the requests so far have cost, the last one first: each receipt in one line. */
  async receipts(): Promise<string[]> {
    const texts = await this.page
      .getByRole('complementary', { name: 'What it cost' })
      .getByRole('article')
      .allInnerTexts();
    return texts.map((text) => text.replaceAll(/\s+/g, ' ').trim());
  }

  /** The names of the devices that it lists. */
  async deviceNames(): Promise<string[]> {
    return this.#devices.getByRole('heading', { level: 3 }).allInnerTexts();
  }

  /** What it says of each device: its name, and when it was begun and last seen. */
  async deviceTexts(): Promise<string[]> {
    const texts = await this.#devices.getByRole('listitem').allInnerTexts();
    return texts.map((text) => text.replaceAll(/\s+/g, ' ').trim());
  }

  /** What its buttons are called that end one device. */
  async revokeButtons(): Promise<(string | null)[]> {
    const buttons = await this.#devices.getByRole('button', { name: /^Revoke/ }).all();
    return Promise.all(buttons.map((button) => button.getAttribute('aria-label')));
  }

  /** How many devices it lists. */
  async devices(): Promise<number> {
    return this.#devices.getByRole('listitem').count();
  }

  get #devices(): Locator {
    return this.page.getByRole('region', { name: 'Where you are signed in' });
  }

  get #signIn(): Locator {
    return this.page.getByRole('button', { name: 'Sign in' });
  }

  get #name(): Locator {
    return this.page.getByRole('region', { name: 'Who you are' }).getByRole('strong');
  }

  async #press(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click();
  }

  async #shown(): Promise<void> {
    await this.#signIn.or(this.#name).filter({ visible: true }).first().waitFor();
    await this.page.getByRole('link', { name: 'Show your devices' }).waitFor({ state: 'detached' }); // for they are there
  }
}
