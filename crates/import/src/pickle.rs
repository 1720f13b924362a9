//! Pickles, the serialised objects of Python, read as inert values: nothing is imported, called
//! or created. Protocols 2 to 5, of which PyTorch writes 2 unless it is told otherwise.
//!
//! The opcodes are those of Python's `pickletools`.

use std::collections::BTreeMap;

use crate::ImportError;

/// Most objects of a pickle. One of a model of 1,000 layers has about 100,000.
const MAX_OBJECTS: usize = 1 << 20;

/// Largest pickle in bytes. That of 1,000 layers has about 0.5 MB.
const MAX_BYTES: usize = 16 << 20;
/// Longest name of a class or module in bytes.
const MAX_NAME: usize = 1000;

/// The number of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(u32);

/// An object. Parts are numbers of objects, so those that are shared or contain themselves cost
/// nothing.
#[derive(Debug)]
pub(crate) enum Object {
    /// Something that no reader needs: None, bytes, sets, large numbers.
    Other,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or function by its module and name.
    Global(String, String),
    /// The result of a class or function of its arguments, which are a tuple, and the state that
    /// the object gets.
    Made {
        maker: Id,
        arguments: Id,
        state: Option<Id>,
    },
    /// An object outside of the pickle.
    Persistent(Id),
}

/// All objects of a pickle.
#[derive(Debug)]
pub(crate) struct Objects {
    objects: Vec<Object>,
    /// The object that was pickled.
    pub(crate) root: Id,
}

impl std::ops::Index<Id> for Objects {
    type Output = Object;

    fn index(&self, id: Id) -> &Object {
        &self.objects[id.0 as usize]
    }
}

impl Objects {
    /// Reads a pickle.
    pub(crate) fn read(bytes: &[u8]) -> Result<Objects, ImportError> {
        if bytes.len() > MAX_BYTES {
            let problem = format!("the pickle has more than {MAX_BYTES} bytes");
            return Err(ImportError::whole(problem));
        }
        let mut reader = Reader {
            bytes,
            position: 0,
            objects: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: BTreeMap::new(),
            root: None,
        };
        loop {
            let place = reader.position;
            if reader.step().is_none() {
                let problem = match bytes.get(place) {
                    _ if reader.objects.len() == MAX_OBJECTS => {
                        format!("the pickle has more than {MAX_OBJECTS} objects")
                    }
                    Some(code) => format!("the opcode {code:#04x} is unknown or damaged"),
                    None => "the pickle ends before its last opcode".into(),
                };
                let place = format!("data.pkl, byte {place}");
                return Err(ImportError::at(place, problem));
            }
            if let Some(root) = reader.root {
                let objects = reader.objects;
                return Ok(Objects { objects, root });
            }
        }
    }
}

/// The machine that reads a pickle.
struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    objects: Vec<Object>,
    stack: Vec<Id>,
    /// Lengths of the stack at its marks.
    marks: Vec<usize>,
    memo: BTreeMap<u32, Id>,
    /// The last object, once it is reached.
    root: Option<Id>,
}

impl<'a> Reader<'a> {
    /// Executes an opcode. Returns `None` if it is wrong.
    #[expect(clippy::too_many_lines, reason = "one line an opcode")]
    fn step(&mut self) -> Option<()> {
        match self.byte()? {
            // PROTO, FRAME and STOP
            0x80 => _ = self.take(1)?,
            0x95 => _ = self.take(8)?,
            b'.' => self.root = Some(self.stack.pop()?),
            // MARK, POP, POP_MARK and ADDITEMS, DUP
            b'(' => self.marks.push(self.stack.len()),
            b'0' => _ = self.stack.pop()?,
            b'1' | 0x90 => _ = self.pop_mark()?,
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            // NONE and EMPTY_SET, NEWTRUE, NEWFALSE
            b'N' | 0x8f => self.push(Object::Other)?,
            0x88 => self.push(Object::Bool(true))?,
            0x89 => self.push(Object::Bool(false))?,
            // BININT, BININT1, BININT2, LONG1, LONG4 and BINFLOAT
            b'J' => {
                let number = i32::from_le_bytes(self.array()?);
                self.push(Object::Int(number.into()))?;
            }
            b'K' => {
                let number = self.byte()?;
                self.push(Object::Int(number.into()))?;
            }
            b'M' => {
                let number = u16::from_le_bytes(self.array()?);
                self.push(Object::Int(number.into()))?;
            }
            0x8a => {
                let length = self.byte()?.into();
                self.long(length)?;
            }
            0x8b => {
                let length = self.length4()?;
                self.long(length)?;
            }
            b'G' => {
                let number = f64::from_be_bytes(self.array()?);
                self.push(Object::Float(number))?;
            }
            // BINUNICODE, SHORT_BINUNICODE and BINUNICODE8
            b'X' => {
                let length = self.length4()?;
                self.text(length)?;
            }
            0x8c => {
                let length = self.byte()?.into();
                self.text(length)?;
            }
            0x8d => {
                let length = self.length8()?;
                self.text(length)?;
            }
            // Bytes: BINSTRING, SHORT_BINSTRING, BINBYTES, SHORT_BINBYTES, BINBYTES8, BYTEARRAY8
            b'T' | b'B' => {
                let length = self.length4()?;
                self.skip(length)?;
            }
            b'U' | b'C' => {
                let length = self.byte()?.into();
                self.skip(length)?;
            }
            0x8e | 0x96 => {
                let length = self.length8()?;
                self.skip(length)?;
            }
            // EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2 and TUPLE3
            b')' => self.push(Object::Tuple(Vec::new()))?,
            b't' => {
                let items = self.pop_mark()?;
                self.push(Object::Tuple(items))?;
            }
            code @ 0x85..=0x87 => {
                let first = self.stack.len().checked_sub(usize::from(code) - 0x84)?;
                let items = self.stack.split_off(first);
                self.push(Object::Tuple(items))?;
            }
            // EMPTY_LIST, LIST, APPEND and APPENDS
            b']' => self.push(Object::List(Vec::new()))?,
            b'l' => {
                let items = self.pop_mark()?;
                self.push(Object::List(items))?;
            }
            b'a' => {
                let item = self.stack.pop()?;
                self.extend(vec![item])?;
            }
            b'e' => {
                let items = self.pop_mark()?;
                self.extend(items)?;
            }
            // EMPTY_DICT, DICT, SETITEM and SETITEMS
            b'}' => self.push(Object::Dict(Vec::new()))?,
            b'd' => {
                let items = self.pop_mark()?;
                self.push(Object::Dict(Vec::new()))?;
                self.set_items(&items)?;
            }
            b's' => {
                let value = self.stack.pop()?;
                let key = self.stack.pop()?;
                self.set_items(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.set_items(&items)?;
            }
            // FROZENSET
            0x91 => {
                self.pop_mark()?;
                self.push(Object::Other)?;
            }
            // GLOBAL and STACK_GLOBAL
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Object::Global(module, name))?;
            }
            0x93 => {
                let (name, module) = (self.stack.pop()?, self.stack.pop()?);
                let [module, name] = [module, name].map(|id| match &self.objects[id.0 as usize] {
                    Object::Text(text) if text.len() <= MAX_NAME => Some(text.clone()),
                    _ => None,
                });
                self.push(Object::Global(module?, name?))?;
            }
            // REDUCE, NEWOBJ, NEWOBJ_EX and BUILD
            b'R' | 0x81 => {
                let (arguments, maker) = (self.stack.pop()?, self.stack.pop()?);
                self.make(maker, arguments)?;
            }
            0x92 => {
                let _named = self.stack.pop()?;
                let (arguments, maker) = (self.stack.pop()?, self.stack.pop()?);
                self.make(maker, arguments)?;
            }
            b'b' => {
                let new = self.stack.pop()?;
                let object = self.top()?;
                if let Object::Made { state, .. } = &mut self.objects[object.0 as usize] {
                    *state = Some(new);
                }
            }
            // BINPUT, LONG_BINPUT, MEMOIZE, BINGET and LONG_BINGET
            b'q' => {
                let number = self.byte()?.into();
                self.remember(number)?;
            }
            b'r' => {
                let number = u32::from_le_bytes(self.array()?);
                self.remember(number)?;
            }
            0x94 => self.remember(self.memo.len() as u32)?,
            b'h' => {
                let number = self.byte()?.into();
                self.stack.push(*self.memo.get(&number)?);
            }
            b'j' => {
                let number = u32::from_le_bytes(self.array()?);
                self.stack.push(*self.memo.get(&number)?);
            }
            // BINPERSID
            b'Q' => {
                let id = self.stack.pop()?;
                self.push(Object::Persistent(id))?;
            }
            _ => return None,
        }
        Some(())
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let bytes = self.bytes.get(self.position..)?.get(..length)?;
        self.position += length;
        Some(bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn length4(&mut self) -> Option<usize> {
        u32::from_le_bytes(self.array()?).try_into().ok()
    }

    fn length8(&mut self) -> Option<usize> {
        u64::from_le_bytes(self.array()?).try_into().ok()
    }

    /// Reads a text up to the end of its line.
    fn line(&mut self) -> Option<String> {
        let rest = &self.bytes[self.position..];
        let length = rest.iter().position(|&byte| byte == b'\n')?;
        let line = self.take(length + 1)?;
        String::from_utf8(line[..length].to_vec()).ok()
    }

    fn push(&mut self, object: Object) -> Option<()> {
        if self.objects.len() == MAX_OBJECTS {
            return None;
        }
        self.stack.push(Id(self.objects.len() as u32));
        self.objects.push(object);
        Some(())
    }

    fn text(&mut self, length: usize) -> Option<()> {
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.push(Object::Text(text))
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.take(length)?;
        self.push(Object::Other)
    }

    /// Reads a number of this many bytes in two's complement.
    fn long(&mut self, length: usize) -> Option<()> {
        let bytes = self.take(length)?;
        if length > 8 {
            return self.push(Object::Other);
        }
        let negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
        let mut all = [if negative { 0xff } else { 0 }; 8];
        all[..length].copy_from_slice(bytes);
        self.push(Object::Int(i64::from_le_bytes(all)))
    }

    /// Removes the last mark, and returns the objects after it.
    fn pop_mark(&mut self) -> Option<Vec<Id>> {
        let mark = self.marks.pop()?;
        (mark <= self.stack.len()).then(|| self.stack.split_off(mark))
    }

    fn top(&self) -> Option<Id> {
        self.stack.last().copied()
    }

    /// Adds items to the list on the stack. Other objects may take them, too, and drop them.
    fn extend(&mut self, items: Vec<Id>) -> Option<()> {
        let list = self.top()?;
        if let Object::List(list) = &mut self.objects[list.0 as usize] {
            list.extend(items);
        }
        Some(())
    }

    /// Adds keys and values in turn to the dictionary on the stack.
    fn set_items(&mut self, items: &[Id]) -> Option<()> {
        let dict = self.top()?;
        if let Object::Dict(dict) = &mut self.objects[dict.0 as usize] {
            dict.extend(items.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        }
        (items.len() % 2 == 0).then_some(())
    }

    /// Notes that an object is made; an ordered dictionary is one at once.
    fn make(&mut self, maker: Id, arguments: Id) -> Option<()> {
        let ordered = matches!(
            &self.objects[maker.0 as usize],
            Object::Global(module, name) if module == "collections" && name == "OrderedDict"
        );
        self.push(if ordered {
            Object::Dict(Vec::new())
        } else {
            Object::Made {
                maker,
                arguments,
                state: None,
            }
        })
    }

    fn remember(&mut self, number: u32) -> Option<()> {
        let top = self.top()?;
        self.memo.insert(number, top);
        Some(())
    }
}
