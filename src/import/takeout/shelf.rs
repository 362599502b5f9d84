//! Records put by for their days until nothing more can come for them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Read, Seek, SeekFrom, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use tempfile::SpooledTempFile;

use crate::model::{Day, JsonList, JsonText};

/// What waits in memory as it is; beyond it all is packed.
const OPEN: usize = 12 << 20;

/// What waits in memory packed; beyond it a temporary file takes it, which has no name and goes with the
/// reader. A month of all streams packs to some 10 MiB.
const PACKED: usize = 8 << 20;

/// The most that one stream may have for a day. A pulse for each second has about 6 MiB.
pub const MAX_DAY: usize = 64 << 20;

/// The records that wait.
pub struct Shelf {
    days: BTreeMap<Day, BTreeMap<usize, Slot>>,
    open: usize,
    packed: SpooledTempFile,
    end: u64,
}

/// The records of one stream on one day.
#[derive(Default)]
struct Slot {
    list: JsonList,
    keys: Vec<Key>,
    /// Where packed ones begin.
    packed: Vec<u64>,
    bytes: usize,
}

/// What a record is sorted by: its time in microseconds, then the file it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Microseconds since 1970, by whatever clock the stream has.
    pub time: i64,
    /// The number of the file.
    pub file: u32,
}

/// A stream's records of a day, in order.
#[derive(Debug)]
pub struct Shelved {
    /// An array of them.
    pub records: JsonText,
    /// The files they came from.
    pub files: BTreeSet<u32>,
}

impl Shelf {
    /// An empty shelf.
    pub fn new() -> Shelf {
        Shelf { days: BTreeMap::new(), open: 0, packed: SpooledTempFile::new(PACKED), end: 0 }
    }

    /// Puts a record of a stream by.
    ///
    /// # Errors
    /// When there is no room left on the disk.
    pub fn put(&mut self, day: Day, stream: usize, key: Key, from: &JsonList, at: usize) -> io::Result<()> {
        let slot = self.days.entry(day).or_default().entry(stream).or_default();
        let length = from.get(at).len();
        slot.bytes += length;
        if slot.bytes <= MAX_DAY {
            slot.list.push_from(from, at);
            slot.keys.push(key);
            self.open += length;
        }
        if self.open > OPEN { self.pack() } else { Ok(()) }
    }

    /// The first day that anything is put by for.
    pub fn first(&self) -> Option<Day> {
        self.days.keys().next().copied()
    }

    /// Takes all that is put by for a day, by stream. None for a stream that has more than [`MAX_DAY`].
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn take(&mut self, day: Day) -> io::Result<BTreeMap<usize, Option<Shelved>>> {
        let mut taken = BTreeMap::new();
        for (stream, slot) in self.days.remove(&day).unwrap_or_default() {
            self.open -= slot.list.bytes();
            taken.insert(stream, if slot.bytes > MAX_DAY { None } else { Some(self.arranged(slot)?) });
        }
        if self.days.is_empty() {
            self.packed.set_len(0)?;
            self.end = 0;
        }
        Ok(taken)
    }

    /// Packs all that is open.
    fn pack(&mut self) -> io::Result<()> {
        self.packed.seek(SeekFrom::Start(self.end))?;
        for slot in self.days.values_mut().flat_map(BTreeMap::values_mut).filter(|slot| !slot.keys.is_empty()) {
            slot.packed.push(self.packed.stream_position()?);
            let mut packer = ZlibEncoder::new(&mut self.packed, Compression::fast());
            slot.list.write(&mut packer)?;
            for key in &slot.keys {
                packer.write_all(&key.time.to_le_bytes())?;
                packer.write_all(&key.file.to_le_bytes())?;
            }
            packer.finish()?;
            slot.list = JsonList::default();
            slot.keys = Vec::new();
        }
        self.end = self.packed.stream_position()?;
        self.open = 0;
        Ok(())
    }

    fn arranged(&mut self, slot: Slot) -> io::Result<Shelved> {
        let (mut list, mut keys) = (JsonList::default(), Vec::new());
        for start in &slot.packed {
            self.packed.seek(SeekFrom::Start(*start))?;
            let mut unpacker = ZlibDecoder::new(&mut self.packed);
            list.read_on(&mut unpacker)?;
            while keys.len() < list.len() {
                let (mut time, mut file) = ([0; 8], [0; 4]);
                unpacker.read_exact(&mut time)?;
                unpacker.read_exact(&mut file)?;
                keys.push(Key { time: i64::from_le_bytes(time), file: u32::from_le_bytes(file) });
            }
        }
        if slot.packed.is_empty() {
            (list, keys) = (slot.list, slot.keys);
        } else {
            (0..slot.list.len()).for_each(|at| list.push_from(&slot.list, at));
            keys.extend(slot.keys);
        }
        let files: BTreeSet<u32> = keys.iter().map(|key| key.file).collect();
        let mut order: Vec<usize> = (0..list.len()).collect();
        if !keys.is_sorted() {
            order.sort_by_key(|at| keys.get(*at));
        }
        if files.len() > 1 {
            drop_repeated(&mut order, &list, &keys);
        }
        Ok(Shelved { records: list.array(order), files })
    }
}

/// Files may overlap: what stands in two of them for one time is one record. What one file has twice stays.
fn drop_repeated(order: &mut Vec<usize>, list: &JsonList, keys: &[Key]) {
    let (mut time, mut seen) = (None, HashMap::new());
    order.retain(|at| {
        let Some(key) = keys.get(*at) else { return false };
        if time.replace(key.time) != Some(key.time) {
            seen.clear();
        }
        *seen.entry(list.get(*at)).or_insert(key.file) == key.file
    });
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn list(text: &str) -> JsonList {
        let json = Json::parse(text).unwrap();
        let mut list = JsonList::default();
        json.root().items().for_each(|item| list.push(item));
        list
    }

    fn text(shelved: Option<&Shelved>) -> String {
        String::from_utf8(shelved.unwrap().records.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn days_come_back_sorted_whether_packed_or_not() {
        let values = list("[0,1,2,3,4]");
        for packs in [&[][..], &[1], &[0, 2, 4]] {
            let mut shelf = Shelf::new();
            for (at, (date, time)) in
                [("2020-01-02", 30), ("2020-01-01", 9), ("2020-01-02", 10), ("2020-01-02", 20), ("2020-01-02", 10)]
                    .into_iter()
                    .enumerate()
            {
                shelf.put(day(date), 7, Key { time, file: 0 }, &values, at).unwrap();
                if packs.contains(&at) {
                    shelf.pack().unwrap();
                }
            }
            assert_eq!(shelf.first(), Some(day("2020-01-01")));
            assert_eq!(text(shelf.take(day("2020-01-01")).unwrap()[&7].as_ref()), "[1]");
            assert_eq!(text(shelf.take(day("2020-01-02")).unwrap()[&7].as_ref()), "[2,4,3,0]");
            assert_eq!((shelf.first(), shelf.open), (None, 0));
        }
    }

    #[test]
    fn what_two_files_say_alike_stands_once() {
        let values = list(r#"["a","a","b","a","c"]"#);
        let mut shelf = Shelf::new();
        for (at, (time, file)) in [(1, 0), (1, 0), (1, 1), (1, 1), (2, 1)].into_iter().enumerate() {
            shelf.put(day("2020-01-01"), 0, Key { time, file }, &values, at).unwrap();
        }
        let taken = shelf.take(day("2020-01-01")).unwrap();
        assert_eq!(text(taken[&0].as_ref()), r#"["a","a","b","c"]"#);
        assert_eq!(taken[&0].as_ref().unwrap().files, BTreeSet::from([0, 1]));
    }

    #[test]
    fn a_day_without_end_is_given_up_and_takes_no_memory() {
        let values = list(&format!("[\"{}\"]", "x".repeat(1 << 20)));
        let mut shelf = Shelf::new();
        for time in 0..70 {
            shelf.put(day("2020-01-01"), 0, Key { time, file: 0 }, &values, 0).unwrap();
        }
        assert!(shelf.open <= OPEN && shelf.end < 1 << 20);
        assert!(shelf.take(day("2020-01-01")).unwrap()[&0].is_none());
    }
}
