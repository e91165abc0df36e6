OPENQASM 3.0;
include "stdgates.inc";
input float[64] basis_bob_0_0;
input float[64] basis_bob_0_1;
input float[64] basis_bob_0_2;
input float[64] basis_bob_0_3;
input float[64] basis_bob_0_4;
input float[64] basis_bob_0_5;
input float[64] basis_bob_0_6;
input float[64] basis_bob_0_7;
input float[64] basis_bob_1_0;
input float[64] basis_bob_1_1;
input float[64] basis_bob_1_2;
input float[64] basis_bob_1_3;
input float[64] basis_bob_1_4;
input float[64] basis_bob_1_5;
input float[64] basis_bob_1_6;
input float[64] basis_bob_1_7;
input float[64] basis_bob_2_0;
input float[64] basis_bob_2_1;
input float[64] basis_bob_2_2;
input float[64] basis_bob_2_3;
input float[64] basis_bob_2_4;
input float[64] basis_bob_2_5;
input float[64] basis_bob_2_6;
input float[64] basis_bob_2_7;
input float[64] basis_bob_3_0;
input float[64] basis_bob_3_1;
input float[64] basis_bob_3_2;
input float[64] basis_bob_3_3;
input float[64] basis_bob_3_4;
input float[64] basis_bob_3_5;
input float[64] basis_bob_3_6;
input float[64] basis_bob_3_7;
bit[1] m1_0;
bit[2] out_bob_0;
bit[1] m1_1;
bit[2] out_bob_1;
bit[1] m1_2;
bit[2] out_bob_2;
bit[1] m1_3;
bit[2] out_bob_3;
bit[1] m1_4;
bit[2] out_bob_4;
bit[1] m1_5;
bit[2] out_bob_5;
bit[1] m1_6;
bit[2] out_bob_6;
bit[1] m1_7;
bit[2] out_bob_7;
qubit[1] draw;
qubit[2] bob_q;
ry(0.34934439801647943) draw[0];
m1_0[0] = measure draw[0];
if (m1_0 == 1) {
  ry(pi/2) bob_q[0];
  ry(pi/2) bob_q[1];
}
barrier draw[0], bob_q[0], bob_q[1];
rz(basis_bob_0_0) bob_q[0];
ry(basis_bob_1_0) bob_q[0];
rz(basis_bob_2_0) bob_q[1];
ry(basis_bob_3_0) bob_q[1];
out_bob_0[0] = measure bob_q[0];
out_bob_0[1] = measure bob_q[1];
barrier draw[0], bob_q[0], bob_q[1];
reset draw[0];
reset bob_q[0];
reset bob_q[1];
ry(pi/2) draw[0];
m1_1[0] = measure draw[0];
if (m1_1 == 0) {
  ry(pi/2) bob_q[1];
}
if (m1_1 == 1) {
  ry(pi/2) bob_q[0];
}
barrier draw[0], bob_q[0], bob_q[1];
rz(basis_bob_0_1) bob_q[0];
ry(basis_bob_1_1) bob_q[0];
rz(basis_bob_2_1) bob_q[1];
ry(basis_bob_3_1) bob_q[1];
out_bob_1[0] = measure bob_q[0];
out_bob_1[1] = measure bob_q[1];
barrier draw[0], bob_q[0], bob_q[1];
reset draw[0];
reset bob_q[0];
reset bob_q[1];
ry(pi/2) draw[0];
m1_2[0] = measure draw[0];
if (m1_2 == 1) {
  ry(pi/2) bob_q[0];
  ry(pi/2) bob_q[1];
}
barrier draw[0], bob_q[0], bob_q[1];
rz(basis_bob_0_2) bob_q[0];
ry(basis_bob_1_2) bob_q[0];
rz(basis_bob_2_2) bob_q[1];
ry(basis_bob_3_2) bob_q[1];
out_bob_2[0] = measure bob_q[0];
out_bob_2[1] = measure bob_q[1];
barrier draw[0], bob_q[0], bob_q[1];
reset draw[0];
reset bob_q[0];
reset bob_q[1];
ry(0.34934439801647943) draw[0];
m1_3[0] = measure draw[0];
if (m1_3 == 0) {
  ry(pi/2) bob_q[1];
}
if (m1_3 == 1) {
  ry(pi/2) bob_q[0];
}
barrier draw[0], bob_q[0], bob_q[1];
rz(basis_bob_0_3) bob_q[0];
ry(basis_bob_1_3) bob_q[0];
rz(basis_bob_2_3) bob_q[1];
ry(basis_bob_3_3) bob_q[1];
out_bob_3[0] = measure bob_q[0];
out_bob_3[1] = measure bob_q[1];
barrier draw[0], bob_q[0], bob_q[1];
reset draw[0];
reset bob_q[0];
reset bob_q[1];
ry(pi/2) draw[0];
m1_4[0] = measure draw[0];
if (m1_4 == 1) {
  ry(pi/2) bob_q[0];
  ry(pi/2) bob_q[1];
}
barrier draw[0], bob_q[0], bob_q[1];
rz(basis_bob_0_4) bob_q[0];
ry(basis_bob_1_4) bob_q[0];
rz(basis_bob_2_4) bob_q[1];
ry(basis_bob_3_4) bob_q[1];
out_bob_4[0] = measure bob_q[0];
out_bob_4[1] = measure bob_q[1];
barrier draw[0], bob_q[0], bob_q[1];
reset draw[0];
reset bob_q[0];
reset bob_q[1];
ry(2.792248255573314) draw[0];
m1_5[0] = measure draw[0];
if (m1_5 == 0) {
  ry(pi/2) bob_q[1];
}
if (m1_5 == 1) {
  ry(pi/2) bob_q[0];
}
barrier draw[0], bob_q[0], bob_q[1];
rz(basis_bob_0_5) bob_q[0];
ry(basis_bob_1_5) bob_q[0];
rz(basis_bob_2_5) bob_q[1];
ry(basis_bob_3_5) bob_q[1];
out_bob_5[0] = measure bob_q[0];
out_bob_5[1] = measure bob_q[1];
barrier draw[0], bob_q[0], bob_q[1];
reset draw[0];
reset bob_q[0];
reset bob_q[1];
ry(2.792248255573314) draw[0];
m1_6[0] = measure draw[0];
if (m1_6 == 1) {
  ry(pi/2) bob_q[0];
  ry(pi/2) bob_q[1];
}
barrier draw[0], bob_q[0], bob_q[1];
rz(basis_bob_0_6) bob_q[0];
ry(basis_bob_1_6) bob_q[0];
rz(basis_bob_2_6) bob_q[1];
ry(basis_bob_3_6) bob_q[1];
out_bob_6[0] = measure bob_q[0];
out_bob_6[1] = measure bob_q[1];
barrier draw[0], bob_q[0], bob_q[1];
reset draw[0];
reset bob_q[0];
reset bob_q[1];
ry(pi/2) draw[0];
m1_7[0] = measure draw[0];
if (m1_7 == 0) {
  ry(pi/2) bob_q[1];
}
if (m1_7 == 1) {
  ry(pi/2) bob_q[0];
}
barrier draw[0], bob_q[0], bob_q[1];
rz(basis_bob_0_7) bob_q[0];
ry(basis_bob_1_7) bob_q[0];
rz(basis_bob_2_7) bob_q[1];
ry(basis_bob_3_7) bob_q[1];
out_bob_7[0] = measure bob_q[0];
out_bob_7[1] = measure bob_q[1];
