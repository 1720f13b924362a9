<CsoundSynthesizer>
<CsOptions>
-odac
</CsOptions>
<CsInstruments>
sr = 44100
ksmps = 32
nchnls = 2
0dbfs = 1

giTune gatebendload "forty-two.json"
giPlayer init 0

; Plays. Two nodes are bent by signals, and one is heard as a rhythm.
instr 1
  giPlayer gatebendplayer giTune
  kBend randomh 0, 4, 2
  gatebendbend giPlayer, 41, int(kBend)
  gatebendspeed giPlayer, linseg(1, p3/2, 1, p3/2, 0.25)
  aLeft, aRight gatebendout giPlayer
  aNode gatebendnode giPlayer, 12
  outs aLeft*0.1, aRight*0.1 + aNode*0.05
endin

; Gives a command to what plays.
instr 2
  Scommand strget p4
  gatebendset giPlayer, Scommand
endin
</CsInstruments>
<CsScore>
i 1 0 12
i 2 3 0 "bend 20 21 1"
i 2 6 0 "clear"
i 2 8 0 "loop 4096 6144"
</CsScore>
</CsoundSynthesizer>
