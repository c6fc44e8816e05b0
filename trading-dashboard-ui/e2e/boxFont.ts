/**
 * A font of one glyph: every character is a box of half an em, a space is as wide and empty. Text that is set in it is
 * as wide on every machine, whichever fonts there are. Built here, table by table, from the OpenType specification.
 */
const UNITS_PER_EM = 1000;
const ADVANCE = 500;
const BOX_HEIGHT = 600;
const ASCENT = 800;
const DESCENT = -200;
const LAST_CODE_POINT = 0x10ffff;
const [NOTDEF, BOX, BLANK] = [0, 1, 2];
const GLYPHS = 3;
const CHECKSUM_OF_A_FONT = 0xb1b0afba;

/** The TrueType file. */
export function boxFont(): Buffer {
  const box = boxOutline();
  const tables: [tag: string, data: Buffer][] = [
    ["OS/2", os2()],
    ["cmap", cmap()],
    ["glyf", box],
    ["head", head()],
    ["hhea", words(1, 0, ASCENT, DESCENT, 0, ADVANCE, 0, 0, ADVANCE, 1, 0, 0, 0, 0, 0, 0, 0, GLYPHS)],
    ["hmtx", words(...Array.from({ length: GLYPHS }, () => [ADVANCE, 0]).flat())],
    ["loca", longs(0, 0, box.length, box.length)], // only the second glyph has an outline
    ["maxp", words(1, 0, GLYPHS, 4, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0)],
    ["name", words(0, 0, 6)],
    ["post", longs(0x00030000, 0, 0, 1, 0, 0, 0, 0)],
  ];
  const entrySelector = Math.floor(Math.log2(tables.length));
  const searchRange = 16 * 2 ** entrySelector;
  const heading = Buffer.concat([
    longs(0x00010000),
    words(tables.length, searchRange, entrySelector, 16 * tables.length - searchRange),
  ]);
  let offset = heading.length + 16 * tables.length;
  const directory: Buffer[] = [];
  const bodies: Buffer[] = [];
  for (const [tag, data] of tables) {
    directory.push(Buffer.from(tag, "latin1"), longs(checksum(data), offset, data.length));
    bodies.push(data, Buffer.alloc(-data.length & 3));
    offset += (data.length + 3) & ~3;
  }
  const file = Buffer.concat([heading, ...directory, ...bodies]);
  const headAt = Number(file.readUInt32BE(heading.length + 16 * 3 + 8));
  file.writeUInt32BE((CHECKSUM_OF_A_FONT - checksum(file)) >>> 0, headAt + 8);
  return file;
}

/** Format 13: whole ranges of characters share a glyph. */
function cmap(): Buffer {
  const ranges: [first: number, last: number, glyph: number][] = [
    [0x00, 0x20, BLANK],
    [0x21, 0x9f, BOX],
    [0xa0, 0xa0, BLANK],
    [0xa1, LAST_CODE_POINT, BOX],
  ];
  const groups = ranges.flat();
  return Buffer.concat([
    words(0, 1, 3, 10),
    longs(12),
    words(13, 0),
    longs(16 + 4 * groups.length, 0, ranges.length, ...groups),
  ]);
}

function boxOutline(): Buffer {
  const [onCurve, corners] = [1, 4];
  const outline = words(1, 0, 0, ADVANCE, BOX_HEIGHT, corners - 1, 0);
  const steps = words(0, 0, ADVANCE, 0, 0, BOX_HEIGHT, 0, -BOX_HEIGHT); // the x of each corner, then the y, as differences
  return Buffer.concat([outline, Buffer.alloc(corners, onCurve), steps]);
}

function head(): Buffer {
  return Buffer.concat([
    longs(0x00010000, 0x00010000, 0, 0x5f0f3cf5),
    words(0b11, UNITS_PER_EM),
    longs(0, 0, 0, 0), // made and changed: 1904
    words(0, 0, ADVANCE, BOX_HEIGHT, 0, 8, 2, 1, 0),
  ]);
}

function os2(): Buffer {
  return Buffer.concat([
    words(4, ADVANCE, 400, 5, 0, 650, 600, 0, 75, 650, 600, 0, 350, 50, 300, 0),
    Buffer.alloc(10), // PANOSE
    longs(0, 0, 0, 0),
    Buffer.from("NONE"),
    words(0x40, 0x20, 0xffff, ASCENT, DESCENT, 0, ASCENT, -DESCENT),
    longs(0, 0),
    words(BOX_HEIGHT, BOX_HEIGHT, NOTDEF, 0x20, 0),
  ]);
}

function checksum(data: Buffer): number {
  const padded = Buffer.concat([data, Buffer.alloc(-data.length & 3)]);
  let sum = 0;
  for (let at = 0; at < padded.length; at += 4) sum = (sum + padded.readUInt32BE(at)) >>> 0;
  return sum;
}

function words(...values: number[]): Buffer {
  const data = Buffer.alloc(2 * values.length);
  for (const [place, value] of values.entries()) data.writeUInt16BE(value & 0xffff, 2 * place);
  return data;
}

function longs(...values: number[]): Buffer {
  const data = Buffer.alloc(4 * values.length);
  for (const [place, value] of values.entries()) data.writeUInt32BE(value >>> 0, 4 * place);
  return data;
}
