// A headless Chromium driven by lines of JSON: one request a line on stdin, one answer a line on stdout.
// Arguments: the folder of node_modules, the path of the browser.
'use strict';
const fs = require('fs');
const path = require('path');
const readline = require('readline');
const [modules, executablePath] = process.argv.slice(2);
const puppeteer = require(path.join(modules, 'puppeteer-core'));
const acorn = require(path.join(modules, 'acorn'));
const axe = fs.readFileSync(path.join(modules, 'axe-core', 'axe.min.js'), 'utf8');

(async () => {
  const browser = await puppeteer.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu'] });
  let page, seen;
  const does = {
    async open({ url, width, scheme, javascript, media, bypass }) {
      if (page) await page.close();
      page = await browser.newPage();
      seen = { errors: [], requests: [] };
      page.on('pageerror', (error) => seen.errors.push(String(error)));
      page.on('console', (message) => { if (message.type() === 'error') seen.errors.push(message.text()); });
      page.on('request', (request) => seen.requests.push(request.url().slice(0, 100)));
      await page.setBypassCSP(bypass);
      await page.setJavaScriptEnabled(javascript);
      await does.size({ width, scheme, media });
      await page.goto(url);
    },
    async size({ width, scheme, media }) {
      await page.setViewport({ width, height: 900 });
      // In one request: each of puppeteer's own calls takes back what the other set.
      const features = [{ name: 'prefers-color-scheme', value: scheme }];
      await (await page.createCDPSession()).send('Emulation.setEmulatedMedia', { media, features });
    },
    evaluate: ({ code }) => page.evaluate(code),
    press: async ({ key }) => { await page.keyboard.press(key); },
    click: async ({ selector }) => { await page.click(selector); },
    seen: async () => seen,
    async screenshot({ to }) { await page.screenshot({ path: to, fullPage: true }); },
    async axe() {
      await page.evaluate(axe);
      const result = await page.evaluate(() => window.axe.run());
      return result.violations.map((each) => each.id + ': ' + each.nodes.map((node) => node.html.slice(0, 120)).join(' ; '));
    },
    async es5({ code }) { acorn.parse(code, { ecmaVersion: 5 }); },
  };
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
      const value = await does[request.do](request);
      answer = { value: value === undefined ? null : value };
    } catch (error) {
      answer = { error: String(error) };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
  await browser.close();
})();
