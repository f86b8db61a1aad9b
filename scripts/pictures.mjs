// `npm run pictures`: what GitHub shows of Chartship's Markdown, looked at in a real browser. Each text of
// scripts/pictures/texts.ts is rendered by cmark-gfm, GitHub's own renderer, with GitHub's style sheet, in light and
// dark, by Chromium: docs/pictures/NAME-light.png, NAME-dark.png, and the text itself beside them. A test holds those
// texts against fresh ones, so that a picture of what is no more is seen.
//
// On Debian, as root or not: the programs are taken from its packages, into the cache, and not installed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { debianPrograms, withPrograms } from './debian.mjs';
import { startProgress, ToolError } from './tools.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'docs/pictures');
const THEMES = { light: '#ffffff', dark: '#0d1117' };
/** As wide as a job's summary and a comment are on a usual screen. */
const WIDTH = 960;

async function pictures() {
  // TypeScript that Node 24 reads as it is; npm runs this with it, once it is installed.
  if (!process.features.typescript) throw new ToolError('This takes Node 24, which `npm ci` brings: npm run pictures.');
  const { texts } = await import('./pictures/texts.ts');
  const progress = startProgress('browser');
  const packages = ['chromium', 'cmark-gfm', 'fonts-liberation', 'fonts-noto-color-emoji'];
  const programs = await debianPrograms('browser', packages, progress.say);
  progress.end('ready');
  const own = mkdtempSync(join(tmpdir(), 'chartship-pictures-'));
  const env = withPrograms(programs, {
    HOME: '/nonexistent',
    LANG: 'C.UTF-8',
    FONTCONFIG_FILE: join(own, 'fonts.conf'),
  });
  // A folder that only the system's own linker knows of.
  env.LD_LIBRARY_PATH += env.LD_LIBRARY_PATH.split(':')
    .map((libraries) => `:${libraries}/pulseaudio`)
    .join('');
  writeFileSync(env.FONTCONFIG_FILE, fontsOf(programs, own));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath: join(programs, 'usr/lib/chromium/chromium'),
    env,
    // Its sandbox refuses root. What it shows is ours, and it may load nothing.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  try {
    for (const [name, text] of Object.entries(texts)) {
      writeFileSync(join(folder, `${name}.md`), text);
      for (const theme of Object.keys(THEMES)) {
        const context = await browser.newContext({
          colorScheme: theme,
          offline: true,
          javaScriptEnabled: false,
          viewport: { width: WIDTH, height: 200 },
        });
        const page = await context.newPage();
        await page.setContent(pageOf(html(text, env), theme));
        await page.screenshot({ path: join(folder, `${name}-${theme}.png`), fullPage: true });
        await context.close();
      }
      console.log(`docs/pictures/${name}-{${Object.keys(THEMES)}}.png`);
    }
  } finally {
    await browser.close();
    rmSync(own, { recursive: true, force: true });
  }
}

/** These fonts and no others, so that pictures don't differ by what a machine has. */
function fontsOf(programs, own) {
  const alias = (family, real) =>
    `<alias binding="same"><family>${family}</family><prefer><family>${real}</family></prefer></alias>`;
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
${[programs, '/'].map((base) => `<dir>${join(base, 'usr/share/fonts/truetype')}</dir>`).join('')}
<cachedir>${own}</cachedir>
${alias('sans-serif', 'Liberation Sans')}${alias('Arial', 'Liberation Sans')}${alias('monospace', 'Liberation Mono')}
</fontconfig>`;
}

/** GitHub-flavoured Markdown with the HTML that GitHub lets through, as HTML. */
function html(text, env) {
  const extensions = ['table', 'strikethrough', 'autolink', 'tagfilter', 'tasklist'].flatMap((name) => ['-e', name]);
  const ended = spawnSync('cmark-gfm', ['--unsafe', '--github-pre-lang', ...extensions], {
    env,
    input: text,
    encoding: 'utf8',
  });
  if (ended.status !== 0) throw new Error(`cmark-gfm failed: ${ended.error?.message ?? ended.stderr}`);
  return ended.stdout;
}

function pageOf(body, theme) {
  const style = readFileSync(
    createRequire(import.meta.url).resolve(`github-markdown-css/github-markdown-${theme}.css`),
  );
  return `<!doctype html><meta charset="utf-8"><style>${style}
body { margin: 0; padding: 24px; background: ${THEMES[theme]}; }</style><article class="markdown-body">${body}</article>`;
}

pictures().catch((error) => {
  console.error(error instanceof ToolError ? error.message : error);
  process.exitCode = 1;
});
