"use strict";

// What differs between two texts: line by line, and within lines word by word.

const LARGEST_TABLE = 4_000_000; // cells; beyond it everything between the common ends counts as replaced

/** Steps from one sequence to the other: ["=", i, j], ["-", i, -1] or ["+", -1, j]. */
function steps(before, after) {
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && before[start] === after[start]) start += 1;
  let same = 0;
  while (same < shorter - start && before[before.length - 1 - same] === after[after.length - 1 - same]) same += 1;
  const found = [];
  for (let i = 0; i < start; i += 1) found.push(["=", i, i]);
  found.push(...middle(before, after, start, before.length - same, after.length - same));
  for (let i = same; i > 0; i -= 1) found.push(["=", before.length - i, after.length - i]);
  return found;
}

/** The longest common subsequence of what lies between the common ends. */
function middle(before, after, start, beforeEnd, afterEnd) {
  const rows = beforeEnd - start;
  const columns = afterEnd - start;
  const found = [];
  let [i, j] = [0, 0];
  if (rows > 0 && columns > 0 && rows * columns <= LARGEST_TABLE) {
    const width = columns + 1;
    const lengths = new Uint16Array((rows + 1) * width);
    for (let r = rows - 1; r >= 0; r -= 1) {
      for (let c = columns - 1; c >= 0; c -= 1) {
        lengths[r * width + c] =
          before[start + r] === after[start + c]
            ? lengths[(r + 1) * width + c + 1] + 1
            : Math.max(lengths[(r + 1) * width + c], lengths[r * width + c + 1]);
      }
    }
    while (i < rows && j < columns) {
      if (before[start + i] === after[start + j]) {
        found.push(["=", start + i, start + j]);
        i += 1;
        j += 1;
      } else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) {
        found.push(["-", start + i, -1]);
        i += 1;
      } else {
        found.push(["+", -1, start + j]);
        j += 1;
      }
    }
  }
  for (; i < rows; i += 1) found.push(["-", start + i, -1]);
  for (; j < columns; j += 1) found.push(["+", -1, start + j]);
  return found;
}

/** Lines beside each other: {left, right} with indexes or -1; what was removed stands beside what was added. */
function pairs(before, after) {
  const found = [];
  let [gone, come] = [[], []];
  const flush = () => {
    for (let i = 0; i < Math.max(gone.length, come.length); i += 1) {
      found.push({ left: gone[i] ?? -1, right: come[i] ?? -1, same: false });
    }
    [gone, come] = [[], []];
  };
  for (const [sign, i, j] of steps(before, after)) {
    if (sign === "-") gone.push(i);
    else if (sign === "+") come.push(j);
    else {
      flush();
      found.push({ left: i, right: j, same: true });
    }
  }
  flush();
  return found;
}

const MOST_WORDS = 400;
const LEAST_ALIKE = 0.3; // of the characters; texts with less in common are easier to read without marks

/** Both lines cut into [text, differs] parts; null where they have too little in common to be worth it. */
function wordParts(before, after) {
  const words = (text) => text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];
  const [left, right] = [words(before), words(after)];
  if (left.length > MOST_WORDS || right.length > MOST_WORDS) return null;
  const sides = [[], []];
  let common = 0;
  const add = (side, text, differs) => {
    const last = sides[side].at(-1);
    if (last && last[1] === differs) last[0] += text;
    else sides[side].push([text, differs]);
  };
  for (const [sign, i, j] of steps(left, right)) {
    if (sign === "=") {
      common += left[i].trim().length;
      add(0, left[i], false);
      add(1, right[j], false);
    } else if (sign === "-") add(0, left[i], true);
    else add(1, right[j], true);
  }
  return common < LEAST_ALIKE * Math.max(before.length, after.length) ? null : sides;
}
